/** The sections, and which of them were changed or need a correction. */
import { Link } from 'wouter'
import type { Section } from '../../../settings/controls.ts'
import style from './settings.module.css'

export function SectionList({
  sections,
  current,
  count,
  isWrong,
  hrefOf,
}: {
  sections: readonly Section[]
  current: string | null
  count(section: Section): number
  isWrong(section: Section): boolean
  hrefOf(section: Section): string
}) {
  return (
    <nav aria-label="Sections of the settings" className={style.sections}>
      <ul>
        {sections.map((section) => {
          const changed = count(section)
          return (
            <li key={section.key}>
              <Link
                href={hrefOf(section)}
                className={style.section}
                {...(section.key === current ? { 'aria-current': 'true' as const } : {})}
              >
                {section.title}
                {isWrong(section) ? (
                  <span className={style.wrong}>
                    <span aria-hidden="true">!</span>
                    <span className="unseen"> to correct</span>
                  </span>
                ) : (
                  changed > 0 && (
                    <span className={style.count}>
                      {changed}
                      <span className="unseen"> changed</span>
                    </span>
                  )
                )}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
