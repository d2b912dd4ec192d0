/** The card of the subscription starter for people: every number that it believes, and where it comes from. */
import type { Assumption } from './assumptions.ts'
import type { StarterCard } from './card.ts'

/**
 * @returns Markdown
 */
export function starterCardText(
  card: StarterCard,
  assumptions: readonly Assumption[],
  version: number,
): string {
  const rows = assumptions.map((assumption) => {
    const { mean, sd, scale, direction, size } = assumption
    const name =
      assumption.category === undefined ? assumption.feature : `${assumption.feature}: ${assumption.category}`
    const per = scale === 'natural' ? 'one unit' : 'one standard deviation'
    const said = [direction, size].map(
      ({ kind, text }) => `${kind === 'source' ? 'Source' : 'Assumption'}: ${text}`,
    )
    return `| ${name} | ${mean} (${sd}) | ${per} | ${said.join(' ').replaceAll('|', '/')} |`
  })
  return [
    `# ${card.name}: ${card.label}`,
    '',
    card.summary,
    '',
    '## Data',
    '',
    card.data,
    '',
    '## Intended use',
    '',
    card.intendedUse,
    '',
    '## Limits',
    '',
    ...card.limits.map((limit) => `- ${limit}`),
    '',
    `## What is believed (version ${version})`,
    '',
    'Change of the log-odds of leaving, expected value and in brackets the standard deviation of the belief.',
    '',
    '| feature | effect | for | why |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
