import type { Snowflake, UserId } from '#domain/ids.ts';
import type { ProfileBasic } from '#domain/records.ts';
import { type NotificationGroup, newestActors, viewOfGroup } from './notification-groups.ts';
import type { NotificationView } from './notifications.ts';
import type { Visibility } from './visibility.ts';

/** A group that is shown, whether it is read, and the users whom it names. */
export interface PresentedNotification {
  notification: NotificationView;
  users: ProfileBasic[];
}

export function presentGroup(
  group: NotificationGroup,
  read: boolean,
  visibility: Visibility,
): PresentedNotification {
  return { notification: viewOfGroup(group, read), users: headsOf(newestActors(group), visibility) };
}

function headsOf(actors: readonly UserId[], visibility: Visibility): ProfileBasic[] {
  return actors.flatMap((actor) => {
    const user = visibility.user(actor);
    if (user === undefined) return [];
    const { userId, handle, name, picture } = user;
    return [{ userId, handle, name, picture }];
  });
}

/** Collects the groups of one page. */
export interface Page {
  /**
   * Takes the visible parts of some groups. Everything still to come is at or below `rest`. The visible part of a group
   * may be older than the group's newest member, and then waits for its turn.
   */
  take(groups: readonly PresentedNotification[], rest: Snowflake): void;
  /** There are more than the page holds. */
  full(): boolean;
  result(): { notifications: NotificationView[]; users: ProfileBasic[]; next: Snowflake | null };
}

/** Groups below `below`, newest first, at most `limit`. */
export function startPage({ below, limit }: { below: Snowflake; limit: number }): Page {
  const shown: PresentedNotification[] = [];
  let waiting: PresentedNotification[] = [];
  return {
    take(groups, rest) {
      waiting.push(...groups.filter(({ notification }) => notification.id < below));
      waiting.sort((a, b) => b.notification.id - a.notification.id);
      const ready = waiting.filter(({ notification }) => notification.id > rest).length;
      shown.push(...waiting.slice(0, ready));
      waiting = waiting.slice(ready);
    },
    full: () => shown.length > limit,
    result() {
      const page = shown.slice(0, limit);
      const users = new Map(page.flatMap((group) => group.users).map((head) => [head.userId, head]));
      return {
        notifications: page.map(({ notification }) => notification),
        users: [...users.values()],
        next: shown.length > limit ? page.at(-1)!.notification.id : null,
      };
    },
  };
}
