/** Where items of these sizes end. */
export function ends(sizes: readonly number[]): readonly number[] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return end;
  });
}
