/** What the name of a bottle, an agent, a skill or a repository looks like; short enough for a slug. */
export const NAME_PATTERN = /^[a-z][a-z0-9-]{0,39}$/;

/** How a person is told what a name looks like. */
export const NAME_RULE =
  "a name begins with a lower-case letter and goes on with a-z, 0-9 and -, at most 40 characters";
