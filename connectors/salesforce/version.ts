/**
 * The one version of Salesforce's API that everything here is written against: Summer '26. Orgs are upgraded on
 * different weekends, and each knows this version whatever release it is on.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_versions.htm
 */
export const API_VERSION = 'v67.0'

/** Where people and apps sign in to an org in production; test.salesforce.com for sandboxes, or the org's My Domain. */
export const LOGIN_URL = 'https://login.salesforce.com'

/** What we call ourselves: change events name it as their origin, and the org's logs show it. */
export const CLIENT_NAME = 'Holdfast'
