import type { Fields } from "./fields.ts";

/** A head as bytes; `first` is the request or status line without its end. */
export function renderHead(first: string, fields: Fields): Buffer {
  let text = `${first}\r\n`;
  for (const field of fields) text += `${field.name}: ${field.value}\r\n`;
  return Buffer.from(`${text}\r\n`, "latin1");
}
