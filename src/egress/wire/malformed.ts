/** A message that is not well-formed HTTP/1.1, or not in the one strict way this proxy accepts. */
export class Malformed extends Error {
  constructor(why: string) {
    super(why);
    this.name = "Malformed";
  }
}
