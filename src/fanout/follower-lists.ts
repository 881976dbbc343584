/**
 * Who follows an author, private followers too, as plain numbers: read from social on first need, kept current by
 * the topic `follows`, forgotten when others need the room.
 *
 * A list owes completeness only: whoever follows and whose follow was folded is in it. Somebody who unfollowed may
 * still be there, somebody may be there twice: reading leaves out the one, home timelines the other. That is what makes adding
 * an append and removing nothing, and lets slices be cut while the list grows.
 *
 * Why nobody is missing: social is read page by page, in order of ids, while edges change. An edge committed before
 * its page was read is in the page. One committed later is folded later (its event is read after its commit), and
 * folding appends to whatever list there is, also to one that is still being read.
 */
import type { UserId } from '#domain/ids.ts';
import type { Social } from '#social/social.ts';

export interface FollowerList {
  readonly author: UserId;
  /** The first `length` are followers. Grows at the end; a slice that was cut stays what it was. */
  ids: Uint32Array;
  length: number;
  /** Social has been read to the end. */
  complete: boolean;
}

export interface FollowerLists {
  /** The author's list; a new, empty one that is not complete where there was none. */
  of(author: UserId): FollowerList;
  /** Reads the next page into a list that is not complete. */
  loadMore(list: FollowerList): Promise<void>;
  follow(author: UserId, follower: UserId): void;
  unfollow(author: UserId): void;
  /** Ids in all lists. */
  size(): number;
}

export interface FollowerListsDeps {
  social: Pick<Social, 'followerIds'>;
  /** Ids kept in all lists together, 4 bytes each; the list in use may exceed it alone. */
  maxIds?: number;
  pageSize?: number;
}

const MAX_IDS = 50_000_000;
const PAGE = 4_000;
/** What an empty list costs, in ids. */
const OVERHEAD = 50;
/** A list with more leavers than this share is read again. */
const STALE_SHARE = 0.25;

interface KeptList extends FollowerList {
  /** Where reading goes on. */
  after: UserId;
  left: number;
  counted: number;
}

export function createFollowerLists(deps: FollowerListsDeps): FollowerLists {
  const { social, maxIds = MAX_IDS, pageSize = PAGE } = deps;
  /** In order of use. */
  const lists = new Map<UserId, KeptList>();
  let total = 0;

  function recount(list: KeptList): void {
    if (lists.get(list.author) !== list) return;
    total += list.length + OVERHEAD - list.counted;
    list.counted = list.length + OVERHEAD;
  }
  function forget(list: KeptList): void {
    lists.delete(list.author);
    total -= list.counted;
  }
  function makeRoom(): void {
    for (const list of lists.values()) {
      if (total <= maxIds || lists.size === 1) return;
      forget(list);
    }
  }
  function append(list: KeptList, ids: ArrayLike<number>): void {
    const length = list.length + ids.length;
    if (length > list.ids.length) {
      // Slices already cut keep the old array.
      const grown = new Uint32Array(
        Math.max(length, Math.min(2 * list.ids.length, list.ids.length + 1_000_000)),
      );
      grown.set(list.ids.subarray(0, list.length));
      list.ids = grown;
    }
    list.ids.set(ids, list.length);
    list.length = length;
    recount(list);
  }

  return {
    of(author) {
      const kept = lists.get(author);
      const list = kept ?? {
        author,
        ids: new Uint32Array(0),
        length: 0,
        complete: false,
        after: 0,
        left: 0,
        counted: 0,
      };
      if (kept !== undefined) lists.delete(author);
      lists.set(author, list);
      recount(list);
      makeRoom();
      return list;
    },
    async loadMore(unfinished) {
      const list = unfinished as KeptList;
      const { userIds, next } = await social.followerIds({
        followee: list.author,
        after: list.after,
        limit: pageSize,
      });
      append(list, userIds);
      list.complete = next === null;
      list.after = next ?? list.after;
      makeRoom();
    },
    follow(author, follower) {
      const list = lists.get(author);
      if (list !== undefined) append(list, [follower]);
    },
    unfollow(author) {
      const list = lists.get(author);
      if (list === undefined) return;
      list.left += 1;
      if (list.complete && list.left > 16 && list.left > list.length * STALE_SHARE) forget(list);
    },
    size: () => total,
  };
}
