/** The kinds of strangers who call the API about one user, the target; and the rules for what they get. */
import type { ErrorCode } from '#domain/errors.ts';

/** A stranger's relationship with the target. Everything absent is false. */
export interface Kind {
  name: string;
  token?: 'none' | 'bad' | 'suspended';
  /** The stranger is the target. */
  self?: true;
  /** The target's account is protected, or has been suspended. */
  protected?: true;
  gone?: true;
  follows?: 'publicly' | 'privately';
  asks?: true;
  blocks?: true;
  blocked?: true;
  mutes?: true;
  muted?: true;
}

export const KINDS: readonly Kind[] = [
  { name: 'nobody signed in', token: 'none' },
  { name: 'a bad token', token: 'bad' },
  { name: 'somebody suspended', token: 'suspended', follows: 'publicly' },
  { name: 'somebody unrelated' },
  { name: 'a follower', follows: 'publicly' },
  { name: 'a private follower', follows: 'privately' },
  { name: 'a follower who mutes the target', follows: 'publicly', mutes: true },
  { name: 'somebody whom the target mutes', muted: true },
  { name: 'somebody who blocks the target', blocks: true },
  { name: 'somebody whom the target blocks', blocked: true },
  { name: 'the target', self: true },
  { name: 'nobody signed in, of a protected account', token: 'none', protected: true },
  { name: 'no follower of a protected account', protected: true },
  { name: 'somebody who asks to follow a protected account', protected: true, asks: true },
  { name: 'a follower of a protected account', protected: true, follows: 'publicly' },
  { name: 'a protected account itself', protected: true, self: true },
  { name: 'somebody, of a suspended account', gone: true },
];

/** The outcome of a call: `ok` (200), or the code of a problem. */
export type Outcome = 'ok' | ErrorCode;
export type Rule = (kind: Kind) => Outcome;
export type Test = (kind: Kind) => boolean;

/** They may see the target. */
export const knows: Test = (kind) => !kind.blocks && !kind.blocked && !kind.gone;
/** They may read what the target writes, and see what it does. */
export const reads: Test = (kind) => knows(kind) && (!kind.protected || isFollower(kind) || isTarget(kind));
/** The target's tweets come into their home. */
export const hears: Test = (kind) => reads(kind) && isFollower(kind) && !kind.mutes;
export const isFollower: Test = ({ follows }) => follows !== undefined;
export const isTarget: Test = ({ self }) => self === true;
export const never: Test = () => false;

const ok: Rule = () => 'ok';
/** A bad token is refused by every route. */
export const anybody =
  (rule: Rule = ok): Rule =>
  (kind) =>
    kind.token === 'bad' || kind.token === 'suspended' ? 'unauthenticated' : rule(kind);
export const signedIn = (rule: Rule = ok): Rule =>
  anybody((kind) => (kind.token === 'none' ? 'unauthenticated' : rule(kind)));
/** Absent and hidden things get the same 404. */
export const where =
  (test: Test, then: Rule = ok, otherwise: Outcome = 'not_found'): Rule =>
  (kind) =>
    test(kind) ? then(kind) : otherwise;
/** For routes about the caller's own account. */
export const targetAlone = signedIn(where(isTarget, ok, 'forbidden'));
export const always =
  (outcome: Outcome): Rule =>
  () =>
    outcome;
