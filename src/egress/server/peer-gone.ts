/** The program at the other end of a connection went away, or stayed silent for too long. */
export class PeerGone extends Error {
  readonly why: "closed" | "silent";

  constructor(why: "closed" | "silent", cause?: unknown) {
    super(why === "silent" ? "the peer stayed silent for too long" : "the peer closed the connection", { cause });
    this.name = "PeerGone";
    this.why = why;
  }
}
