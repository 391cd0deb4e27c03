/** What a producer knows of the class beside its fields. */
export interface ClassMembers {
  /** Whether the class has a getter, method or `@Transient` property of this name. */
  has(name: string): boolean;
  /** The source of a base class is not seen: there may be fields, getters and methods of it. Not at run time. */
  readonly isPartial?: boolean;
}
