/** The source of a template, part by part, with what is wrong at its place and what it can name. */
import { Textarea, TextInput } from '@mantine/core'
import { useRef } from 'react'
import type { TemplatesAnswer } from '../../../server/api/templates.ts'
import { PARTS, type Draft, type Part, type PartProblem, type Place } from './parts.ts'
import style from './templates.module.css'

type Variable = TemplatesAnswer['variables']['email'][number]
type Area = HTMLInputElement | HTMLTextAreaElement

export function Source({
  place,
  draft,
  problems,
  variables,
  fixed,
  change,
}: {
  place: Place
  draft: Draft
  problems: readonly PartProblem[]
  variables: readonly Variable[]
  fixed: boolean
  change(draft: Draft): void
}) {
  const areas = useRef(new Map<Part['key'], Area>())
  const last = useRef<Part['key']>(PARTS[place.channel].at(-1)!.key)
  const put = (key: Part['key'], text: string): void => change({ ...draft, [key]: text })

  function insert({ name, optional }: Variable): void {
    const key = last.current
    const area = areas.current.get(key)
    if (area === undefined) return
    const words = optional ? `{% if ${name} %}{{ ${name} }}{% endif %}` : `{{ ${name} }}`
    const at = area.selectionStart ?? draft[key].length
    put(key, draft[key].slice(0, at) + words + draft[key].slice(area.selectionEnd ?? at))
    // Once it stands there.
    requestAnimationFrame(() => {
      area.focus()
      area.setSelectionRange(at + words.length, at + words.length)
    })
  }

  function goToLine(key: Part['key'], line: number): void {
    const area = areas.current.get(key)
    if (area === undefined) return
    const lines = draft[key].split('\n')
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
    area.focus()
    area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
    // As far down as the line stands among all of them.
    area.scrollTop = (area.scrollHeight * (line - 1)) / lines.length - area.clientHeight / 2
  }

  return (
    <div className={style.source}>
      {problems
        .filter(({ part }) => part === null)
        .map(({ message }) => (
          <p key={message} className={style.problem} role="alert">
            {message}
          </p>
        ))}
      {PARTS[place.channel].map(({ key, title, lines }) => {
        const own = problems.filter(({ part }) => part === key)
        const common = {
          label: title,
          value: draft[key],
          readOnly: fixed,
          spellCheck: key !== 'html',
          lang: place.language,
          onFocus: () => (last.current = key),
          error:
            own.length === 0 ? null : (
              <>
                {own.map(({ message, line }) => (
                  <span key={message} className={style.problemLine}>
                    {message}{' '}
                    {line !== null && lines === 'many' && (
                      <button type="button" className={style.link} onClick={() => goToLine(key, line)}>
                        Go to line {line}
                      </button>
                    )}
                  </span>
                ))}
              </>
            ),
        }
        const keep = (area: Area | null): void => {
          if (area === null) areas.current.delete(key)
          else areas.current.set(key, area)
        }
        return lines === 'one' ? (
          <TextInput
            key={key}
            {...common}
            ref={keep}
            onChange={({ currentTarget }) => put(key, currentTarget.value)}
          />
        ) : (
          <Textarea
            key={key}
            {...common}
            ref={keep}
            classNames={{ input: key === 'html' ? style.code : style.words }}
            rows={place.channel === 'email' ? (key === 'html' ? 16 : 10) : 8}
            resize="vertical"
            onChange={({ currentTarget }) => put(key, currentTarget.value)}
          />
        )
      })}
      {!fixed && (
        <details className={style.variables}>
          <summary>What it can name</summary>
          <ul>
            {variables.map((one) => (
              <li key={one.name}>
                <button type="button" className={style.variable} onClick={() => insert(one)}>
                  {one.name}
                  <span className="unseen">: put it in</span>
                </button>
                <span className="note">
                  {one.about}
                  {one.optional && ', where it is known'}
                  {one.example !== '' && `: “${one.example}”`}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}
