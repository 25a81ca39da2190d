/** Names a lens by its shortest and longest focal length in mm and the smallest f-numbers at them. */
export function lensName(numbers: readonly number[] | undefined): string | null {
  const [shortest = NaN, longest = NaN, atShortest = NaN, atLongest = NaN] = numbers ?? [];
  if (!(shortest > 0 && Number.isFinite(shortest))) return null;
  const focalLength = range(shortest, longest);
  // Unknown f-numbers are 0/0.
  return atShortest > 0 ? `${focalLength} mm f/${range(atShortest, atLongest)}` : `${focalLength} mm`;
}

function range(from: number, to: number): string {
  const text = (value: number) => String(Number(value.toFixed(1)));
  return to > 0 && Number.isFinite(to) && text(to) !== text(from) ? `${text(from)}-${text(to)}` : text(from);
}
