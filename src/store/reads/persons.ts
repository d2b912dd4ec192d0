/** Which customers may be people: their names are not for everybody, as masking.ts of src/security says. */

/** Of a row `c` of customers: whether it may be a person. Companies of a CRM are none; what a file is of nobody says. */
export const MAY_BE_PERSON = `(c.object not in ('companies', 'company', 'Account')
  or c.object = 'Account' and coalesce(c.properties ->> 'IsPersonAccount', '') = 'true')`
