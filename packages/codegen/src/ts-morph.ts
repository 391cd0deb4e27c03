import { createRequire } from 'node:module';
import type * as morph from 'ts-morph';

/*
 * ts-morph is CommonJS with all of TypeScript inside. Imported, Node would look through its nine megabytes for names to
 * export before it runs them, which takes a quarter of the loading time; required, it does not.
 */
const { Node, Project, SyntaxKind } = createRequire(import.meta.url)('ts-morph') as typeof morph;

export { Node, Project, SyntaxKind };
export type Node = morph.Node;
export type Project = morph.Project;
export type SyntaxKind = morph.SyntaxKind;
