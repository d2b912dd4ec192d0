/** Writes docs/settings.md from the schema: `npm run docs`. A test holds the page to it. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { settingsDocs } from '../src/settings/settings.ts'

export const settingsPage = join(resolve(import.meta.dirname, '..'), 'docs/settings.md')

/** @returns the page as Markdown */
export function renderSettings(): string {
  const rows = settingsDocs().map((doc) => {
    const value = doc.default === undefined ? 'as in the catalogue' : `\`${doc.default}\``
    return `| \`${doc.path}\` | ${doc.about} | ${doc.allowed.replaceAll('|', '\\|')} | ${value} |`
  })
  return [
    '# Settings',
    '',
    'A JSON file, given with `--settings`. What it leaves out keeps its default; what it misspells is refused with the',
    'place and the allowed values. `null` is no limit, `0` is off.',
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
    'Actions: `email`, `sms`, `discount_10`, `discount_20`, `call_discount_30`; doing nothing is always possible.',
    '',
    '| setting | meaning | allowed | default |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

if (import.meta.main) writeFileSync(settingsPage, renderSettings())
