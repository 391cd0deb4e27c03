import { DescriptorError, type Field } from '@ssmkit/schema/model';
import type { ts } from 'ts-morph';
import { fail } from './errors.js';
import { type Modules, SCHEMA } from './modules.js';
import {
  isCallExpression,
  isDecorator,
  isGetAccessorDeclaration,
  isIdentifier,
  isMethodDeclaration,
  isNumericLiteral,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  isPropertyDeclaration,
  isStringLiteral,
  SyntaxKind,
} from './ts-morph.js';

/** A decorator of `@ssmkit/schema`. */
export interface SchemaDecorator {
  /** Its name as the package exports it. */
  readonly name: string;
  readonly node: ts.Decorator;
  /** What it is called with; `undefined` where it is not called. */
  readonly args: readonly ts.Expression[] | undefined;
}

/** A property that objects of a class have. */
export interface Property {
  readonly name: string;
  readonly node: ts.PropertyDeclaration;
  readonly decorators: readonly SchemaDecorator[];
}

/** What a class itself gives its objects. */
export interface Members {
  readonly properties: readonly Property[];
  readonly methods: readonly string[];
  readonly getters: readonly string[];
}

/** Reads the members of a class. */
export function membersOf(declaration: ts.ClassDeclaration, modules: Modules): Members {
  const properties: Property[] = [];
  const methods: string[] = [];
  const getters: string[] = [];
  for (const node of declaration.members) {
    if (node.name === undefined || hasModifier(node as ts.HasModifiers, SyntaxKind.StaticKeyword)) continue;
    const name = nameText(node.name);
    if (isPropertyDeclaration(node)) properties.push({ name, node, decorators: schemaDecorators(node, modules) });
    else if (isMethodDeclaration(node)) methods.push(name);
    else if (isGetAccessorDeclaration(node)) getters.push(name);
  }
  return { properties, methods, getters };
}

/** The decorators of a class or property that come from `@ssmkit/schema`. */
export function schemaDecorators(
  target: ts.ClassDeclaration | ts.PropertyDeclaration,
  modules: Modules,
): SchemaDecorator[] {
  const found: SchemaDecorator[] = [];
  for (const node of target.modifiers ?? []) {
    if (!isDecorator(node)) continue;
    let expression: ts.Expression = node.expression;
    while (isParenthesizedExpression(expression)) expression = expression.expression;
    const call = isCallExpression(expression) ? expression : undefined;
    const name = schemaName(call?.expression ?? expression, modules);
    if (name !== undefined) found.push({ name, node, args: call?.arguments });
  }
  return found;
}

/** What `@ssmkit/schema` exports under the name that an expression is. */
function schemaName(called: ts.Expression, modules: Modules): string | undefined {
  const file = called.getSourceFile();
  if (isIdentifier(called)) return modules.schemaExport(file, called.text);
  if (!isPropertyAccessExpression(called)) return undefined;
  const module = modules.names(file).namespaces.get(called.expression.getText(file));
  return module === SCHEMA ? called.name.text : undefined;
}

/** The key that a name in a class, an enum or an object literal gives; the source text of computed ones. */
export function nameText(name: ts.PropertyName): string {
  if (isNumericLiteral(name)) return String(Number(name.text));
  return isStringLiteral(name) || isIdentifier(name) ? name.text : name.getText();
}

export function hasModifier(node: ts.HasModifiers, kind: ts.SyntaxKind): boolean {
  return node.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

/** Whether a property is marked as one that is not saved. */
export function isTransient({ decorators }: Property): boolean {
  return decorators.some(({ name }) => name === 'Transient');
}

/**
 * Every property must have a kind, be the high half of another one, or be `@Transient()`.
 *
 * @param isPartial a base class is not seen, which may have a kind for it.
 * @throws CodegenError, DescriptorError
 */
export function requireKinds(
  className: string,
  properties: readonly Property[],
  fields: readonly Field[],
  isPartial: boolean,
): void {
  const remedy = isPartial ? ', or set it in the constructor where it is one of the base class' : '';
  const known = new Set(fields.flatMap((field) => (field.hi === undefined ? [field.name] : [field.name, field.hi])));
  for (const property of properties) {
    const { name, node } = property;
    if (known.has(name) || name.startsWith('#') || isTransient(property)) continue;
    fail(
      node,
      `${className}.${name}: has no kind and would not be saved: decorate it, or mark it @Transient()${remedy}`,
    );
  }
  for (const field of fields) {
    if (field.hi !== undefined && !properties.some(({ name }) => name === field.hi)) {
      throw new DescriptorError(className, field.name, `there is no property '${field.hi}' for the high half`);
    }
  }
}
