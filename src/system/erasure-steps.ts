/** The steps that erase a user from every service, in order. */
import type { ErasureStep } from '#accounts/erasure.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Media } from '#media/media.ts';
import type { Moderation } from '#moderation/moderation.ts';
import type { Notifications } from '#notifications/notifications.ts';
import type { Social } from '#social/social.ts';
import type { Timeline } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';

export interface ErasureStepsDeps {
  social: Pick<Social, 'eraseUser'>;
  tweets: Pick<Tweets, 'eraseAuthor'>;
  engagement: Pick<Engagement, 'eraseActor'>;
  notifications: Pick<Notifications, 'eraseUser'>;
  timeline: Pick<Timeline, 'forget'>;
  media: Pick<Media, 'eraseOwner'>;
  moderation: Pick<Moderation, 'eraseUser'>;
}

export function erasureSteps(deps: ErasureStepsDeps): ErasureStep[] {
  const { social, tweets, engagement, notifications, timeline, media, moderation } = deps;
  return [
    ({ userId, limit, traceId }) => tweets.eraseAuthor({ author: userId, limit, traceId }),
    ({ userId, limit, traceId }) => engagement.eraseActor({ actor: userId, limit, traceId }),
    ({ userId, limit, traceId }) => social.eraseUser({ userId, limit, traceId }),
    ({ userId, limit }) => notifications.eraseUser({ userId, limit }),
    async ({ userId }) => {
      await timeline.forget({ user: userId });
      return { done: true };
    },
    ({ userId, limit }) => moderation.eraseUser({ userId, limit }),
    ({ userId, limit }) => media.eraseOwner({ owner: userId, limit }),
  ];
}
