/** What a producer knows of the class beside its fields: which getters and methods it has. */
export interface ClassMembers {
  /** Whether the class has a getter or method of this name. */
  has(name: string): boolean;
}
