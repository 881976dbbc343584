/** A setting that cannot be used. The message is one line with the setting, what is wrong, and what to do. */
export class ConfigError extends Error {}
