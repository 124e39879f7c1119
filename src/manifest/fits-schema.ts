type Check = (rule: unknown, value: unknown, schema: Schema) => boolean;
type Schema = Readonly<Record<string, unknown>>;

/**
 * Whether a value certainly fits a JSON Schema. False also means "not sure": for a keyword that is not known here, and
 * for a schema that is not there.
 */
export function fitsSchema(schema: unknown, value: unknown): boolean {
  if (!isMap(schema)) return false;
  return Object.entries(schema).every(([keyword, rule]) => CHECKS[keyword]?.(rule, value, schema) ?? false);
}

const anything: Check = () => true;

const CHECKS: Readonly<Record<string, Check>> = {
  $schema: anything,
  title: anything,
  description: anything,
  type: (rule, value) => typeof rule === "string" && (TYPES[rule]?.(value) ?? false),
  enum: (rule, value) => Array.isArray(rule) && rule.includes(value),
  anyOf: (rule, value) => Array.isArray(rule) && rule.some((one) => fitsSchema(one, value)),
  pattern: (rule, value) =>
    typeof rule === "string" && (typeof value !== "string" || new RegExp(rule, "u").test(value)),
  minLength: (rule, value) => typeof rule === "number" && (typeof value !== "string" || value.length >= rule),
  maxLength: (rule, value) => typeof rule === "number" && (typeof value !== "string" || value.length <= rule),
  minimum: (rule, value) => typeof rule === "number" && (typeof value !== "number" || value >= rule),
  maximum: (rule, value) => typeof rule === "number" && (typeof value !== "number" || value <= rule),
  minItems: (rule, value) => typeof rule === "number" && (!Array.isArray(value) || value.length >= rule),
  items: (rule, value) => !Array.isArray(value) || value.every((item) => fitsSchema(rule, item)),
  required: (rule, value) => Array.isArray(rule) && (!isMap(value) || rule.every((key) => Object.hasOwn(value, key))),
  propertyNames: (rule, value) => !isMap(value) || Object.keys(value).every((key) => fitsSchema(rule, key)),
  properties: (rule, value) =>
    isMap(rule) &&
    (!isMap(value) ||
      Object.entries(value).every(([key, inner]) => !Object.hasOwn(rule, key) || fitsSchema(rule[key], inner))),
  additionalProperties: (rule, value, schema) => {
    if (!isMap(value)) return true;
    const known = isMap(schema["properties"]) ? schema["properties"] : {};
    return Object.entries(value).every(
      ([key, inner]) => Object.hasOwn(known, key) || (rule !== false && fitsSchema(rule, inner)),
    );
  },
};

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number" && Number.isFinite(value),
  integer: (value) => Number.isSafeInteger(value),
  array: (value) => Array.isArray(value),
  object: isMap,
};

function isMap(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
