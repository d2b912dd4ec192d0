/** Schemas of events by their ids, asked for once. An id is a fingerprint: what it stands for never changes. */
import type { EventSchema } from './schema.ts'
import type { SchemaInfo } from './service.ts'

export interface EventSchemas {
  of(id: string): Promise<EventSchema>
}

export function openSchemas(ask: (id: string) => Promise<SchemaInfo>): EventSchemas {
  const known = new Map<string, Promise<EventSchema>>()
  return {
    of(id) {
      let schema = known.get(id)
      if (schema === undefined) {
        schema = Promise.all([ask(id), import('./schema.ts')]).then(([info, { eventSchema }]) =>
          eventSchema(info.schema_json),
        )
        known.set(id, schema)
        // What failed is asked for again with the next event.
        schema.catch(() => known.delete(id))
      }
      return schema
    },
  }
}
