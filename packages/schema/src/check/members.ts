/** What a producer knows of the class beside its fields. */
export interface ClassMembers {
  /** Whether the class has a getter, method or `@Transient` property of this name. */
  has(name: string): boolean;
}
