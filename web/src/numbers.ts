// Numbers as they stand on a blackboard. Contour labels come ready with the scene's scale.

const RAISED: Record<string, string> = { "-": "⁻" };
[..."⁰¹²³⁴⁵⁶⁷⁸⁹"].forEach((digit, value) => (RAISED[value] = digit));

/** Few digits, a true minus sign, powers of ten where there would be many zeros; the reader's decimal mark. */
export function formatNumber(value: number | null, lang: string, digits = 4): string {
  if (value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  const plain = power >= -4 && power < Math.max(digits, 6);
  const shown = (plain ? Number(value.toPrecision(digits)) : Number(mantissa)).toLocaleString(lang, {
    maximumSignificantDigits: digits,
    useGrouping: false,
  });
  const text = shown.replace("-", "−");
  if (plain) return text;
  return `${text}·10${[...String(power)].map((c) => RAISED[c]).join("")}`.replace(/^(−?)1·/, "$1");
}

/**
 * A place on the plane: "(1.5, −2)"; with a semicolon where the comma is the decimal mark. `span` is how far the plane
 * reaches: what is less than a thousandth of it or so, such as 7·10⁻⁵ in place of 0, is not told.
 */
export function formatPoint(point: readonly number[] | null, span: number, lang: string): string {
  if (!point) return "–";
  const finest = 10 ** (Math.floor(Math.log10(span)) - 3);
  const mark = (0.5).toLocaleString(lang).includes(",") ? "; " : ", ";
  return `(${point.map((c) => formatNumber(Math.round(c / finest) * finest, lang)).join(mark)})`;
}
