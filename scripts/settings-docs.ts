/** Writes docs/settings.md from the schema: `npm run docs`. A test holds the page to it. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { serviceSettingsSchema } from '../src/settings/service-schema.ts'
import { settingsDocs, type SettingDoc } from '../src/settings/settings.ts'

export const settingsPage = join(resolve(import.meta.dirname, '..'), 'docs/settings.md')

/** @returns the page as Markdown */
export function renderSettings(): string {
  const plan = settingsDocs()
  const known = new Set(plan.map(({ path }) => path))
  return [
    '# Settings',
    '',
    'What they leave out keeps its default; what they misspell is refused with the place and the allowed values. `null` is',
    'no limit, `0` is off.',
    '',
    '**On the command line** they are a JSON file, given with `--settings`:',
    '',
    '```json',
    '{',
    '  "currency": { "file": "EUR" },',
    '  "budget": 5000,',
    '  "catalogue": {',
    '    "discount_20": { "durationMonths": 3 },',
    '    "call_discount_30": { "capacity": 40, "fixedCost": 12.5 },',
    '    "sms": { "enabled": false }',
    '  },',
    '  "contact": { "cooldownDays": 30 }',
    '}',
    '```',
    '',
    '**In the service** each company has its own. `GET /v1/settings` reads them with their version, `PUT` (all of them) or',
    '`PATCH` (some, by the paths below) with `If-Match` saves the next one; every version is kept and can be gone back to, and',
    'each decision names the one that it was taken under. They take effect with the next step, without a restart.',
    '',
    'Actions: `email`, `sms`, `discount_10`, `discount_20`, `call_discount_30`, `update_payment`, and your own (`actions.own`); doing nothing is always possible.',
    '',
    '## Of a plan',
    '',
    ...table(plan),
    '',
    '## Of the service',
    '',
    'All of the above, and how it may act. Nothing leaves the machine unless `delivery.mode` says so.',
    '',
    ...table(settingsDocs(serviceSettingsSchema).filter(({ path }) => !known.has(path))),
    '',
  ].join('\n')
}

function table(docs: ReturnType<typeof settingsDocs>): readonly string[] {
  return [
    '| setting | meaning | allowed | default |',
    '| --- | --- | --- | --- |',
    ...docs.map((doc) => {
      const value = doc.default === undefined ? 'as in the catalogue' : `\`${doc.default}\``
      return `| \`${doc.path}\` | ${doc.about} | ${allowedOf(doc).replaceAll('|', '\\|')} | ${value} |`
    }),
  ]
}

/** With what null says where it says something. */
function allowedOf({ allowed, none }: SettingDoc): string {
  const says = none !== undefined && none !== 'None' && /\bor null$/.test(allowed)
  return says ? `${allowed}: ${none.charAt(0).toLowerCase()}${none.slice(1)}` : allowed
}

if (import.meta.main) writeFileSync(settingsPage, renderSettings())
