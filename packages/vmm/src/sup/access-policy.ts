import type { SupObject } from './objects.js';
import type { Session } from './session.js';

/** Whether a session may use an object. `name` is what the caller calls it, if anything. */
export type AccessPolicy = (object: SupObject, session: Session, name: string | undefined) => boolean;

/** Users may use what they made, whichever of their processes did. */
export const sameUser: AccessPolicy = (object, session) => object.creator.uid === session.owner.uid;

/** As {@link sameUser}, and root may use everything: what Unix does with files. The policy where none is given. */
export const sameUserOrRoot: AccessPolicy = (object, session, name) =>
  session.owner.uid === 0 || sameUser(object, session, name);

/** Everybody may use everything. */
export const everybody: AccessPolicy = () => true;
