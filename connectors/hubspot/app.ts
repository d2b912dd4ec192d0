/**
 * The app at HubSpot, as both sides have to know it: where it answers beneath the public address of an installation, and what
 * it is told of. The project that is uploaded to HubSpot is rendered from this (manifest/hubspot), and the server answers by it.
 */

/** Beneath the public address. */
export const APP_PATHS = {
  /** Where an installation begins. */
  install: '/oauth/hubspot/install',
  /** Where HubSpot sends the browser back to. */
  callback: '/oauth/hubspot/callback',
  webhooks: '/webhooks/hubspot',
  /** What the pages inside HubSpot ask, each signed by HubSpot: the card of a record, and what is pressed on it. */
  card: '/crm/hubspot/card',
  cardAnswer: '/crm/hubspot/card/answer',
  cardScore: '/crm/hubspot/card/score',
  /** Customers by value at risk. */
  customers: '/crm/hubspot/customers',
  /** Several records of a list at once. */
  bulk: '/crm/hubspot/bulk',
  settings: '/crm/hubspot/settings',
  pause: '/crm/hubspot/pause',
  /** Actions of workflows and of agents. */
  workflowScore: '/crm/hubspot/workflow/score',
  workflowDecide: '/crm/hubspot/workflow/decide',
  workflowIntervene: '/crm/hubspot/workflow/intervene',
} as const

/**
 * Properties whose changes every account tells of: who a record is, whose it is, whether it is a customer, and whether it may be
 * written to. What an account chooses beyond them is read from its journal, or with the next sync: subscriptions of a project are
 * the same for all who install it.
 */
export const WATCHED_PROPERTIES = {
  company: ['name', 'lifecyclestage', 'hubspot_owner_id'],
  contact: ['email', 'jobtitle', 'lifecyclestage', 'hubspot_owner_id', 'hs_email_optout'],
} as const
