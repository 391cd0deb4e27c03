/** What a package's entry point exports, by name. */
export async function exportsOf(entry: string): Promise<string[]> {
  return Object.keys(await import(entry)).sort();
}
