import { cutToWidth, displayWidth } from "./display-width.ts";
import type { Style, Tone } from "./style.ts";

/** One cell of a table; its text has no escapes of its own. */
export type Cell = { readonly text: string; readonly tone?: Tone };

const GAP = "  ";
const NARROWEST = 4;

/**
 * Rows as lines with aligned columns; the last column is not padded. Given a terminal's width, the widest columns are cut
 * until every line fits, as long as each keeps a few characters.
 */
export function renderColumns(rows: readonly (readonly Cell[])[], style: Style, terminalWidth?: number): string[] {
  const widths = fitWidths(measureColumns(rows), terminalWidth);
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const text = cutToWidth(cell.text, widths[index] ?? 0);
        const padding = index === row.length - 1 ? 0 : (widths[index] ?? 0) - displayWidth(text);
        return style(cell.tone ?? "plain", text) + " ".repeat(padding);
      })
      .join(GAP)
      .trimEnd(),
  );
}

function measureColumns(rows: readonly (readonly Cell[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell.text));
    });
  }
  return widths;
}

function fitWidths(wanted: readonly number[], terminalWidth: number | undefined): readonly number[] {
  if (terminalWidth === undefined) return wanted;
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - terminalWidth;
  for (; excess > 0; excess -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest];
    if (width === undefined || width <= NARROWEST) break;
    widths[widest] = width - 1;
  }
  return widths;
}
