import fc from "fast-check";
import { expect, test } from "vitest";
import { findDroppedImages, renderPaste } from "./dropped-images.ts";

const find = (text: string) => findDroppedImages(Buffer.from(text))?.paths;

test.each([
  ["/home/me/shot.png", ["/home/me/shot.png"]],
  ["'/home/me/two words.PNG' ", ["/home/me/two words.PNG"]],
  ["/home/me/two\\ words.jpeg", ["/home/me/two words.jpeg"]],
  ['"/home/me/a \\"b\\".gif"', ['/home/me/a "b".gif']],
  ["file:///home/me/a%20b.webp", ["/home/me/a b.webp"]],
  ["/a.png  /b/ü.jpg", ["/a.png", "/b/ü.jpg"]],
])("a paste of %s names its files", (text, paths) => {
  expect(find(renderPaste(text))).toEqual(paths);
});

test.each([
  ["words about /home/me/shot.png"],
  ["shot.png"],
  ["/home/me/.ssh/id_ed25519"],
  ["'/home/me/shot.png"],
  ["/a.png\n/b.png"],
  ["file:///%E0%A4%A.png"],
  [""],
])("a paste of %j is only text", (text) => {
  expect(find(renderPaste(text))).toBeUndefined();
});

test("what is typed is not a paste, nor is one that came in pieces", () => {
  expect(find("/home/me/shot.png")).toBeUndefined();
  expect(find("\x1b[200~/home/me/shot.png")).toBeUndefined();
  expect(find(renderPaste(`/${"a".repeat(5000)}.png`))).toBeUndefined();
});

test("what was typed around it stays, byte for byte", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (before, after) => {
      fc.pre(!Buffer.from(before).includes("\x1b[200~"));
      const found = findDroppedImages(Buffer.concat([before, Buffer.from(renderPaste("/a.png")), after]));
      expect(found).toEqual({ before: Buffer.from(before), paths: ["/a.png"], after: Buffer.from(after) });
    }),
  );
});
