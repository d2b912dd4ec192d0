/**
 * The version of HubSpot's API, in one place: its paths carry a date, and each is served for 18 months.
 *
 * @see https://developers.hubspot.com/docs/developer-tooling/platform/versioning
 */
export const API_VERSION = '2026-09'

/** Of the Webhooks Journal, whose files have no later date. */
export const JOURNAL_VERSION = '2026-03'

/** Where HubSpot itself answers. */
export const HUBSPOT_API = 'https://api.hubapi.com'
