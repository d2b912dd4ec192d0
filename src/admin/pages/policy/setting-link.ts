/** Where a field of the settings is changed. */

/**
 * @param field its path in the settings
 * @example
 * settingLink('contact.cooldownDays') // '/app/settings?field=contact.cooldownDays'
 */
export const settingLink = (field: string): string => `/app/settings?field=${encodeURIComponent(field)}`
