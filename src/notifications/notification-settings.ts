import { NOTIFICATION_TYPES } from '#domain/names.ts';
import type { NotificationSettings, SettingsChanges, TypeSettings } from './notifications.ts';

const DEFAULT: TypeSettings = { audience: 'everyone', channels: { inApp: true } };

/** A user's complete settings: the defaults (every type on, for everyone) with the user's `changes`. */
export function settingsWith(changes: SettingsChanges | undefined): NotificationSettings {
  const entries = NOTIFICATION_TYPES.map((type) => [
    type,
    {
      audience: changes?.[type]?.audience ?? DEFAULT.audience,
      channels: { inApp: changes?.[type]?.channels?.inApp ?? DEFAULT.channels.inApp },
    } satisfies TypeSettings,
  ]);
  return Object.fromEntries(entries) as NotificationSettings;
}

/** Whether these settings let any notification of this type through. */
export function isOn({ audience, channels }: TypeSettings): boolean {
  return channels.inApp && audience !== 'nobody';
}
