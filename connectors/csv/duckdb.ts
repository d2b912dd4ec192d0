/**
 * The few calls of DuckDB that reading files needs: run a statement, stream a query as typed arrays.
 *
 * It stands on `@duckdb/node-bindings`, the layer beneath `@duckdb/node-api`: loading it takes 18 ms instead
 * of 80, and its vectors are plain buffers. Queries return only DOUBLE and VARCHAR columns; SQL casts.
 */
import type * as Bindings from '@duckdb/node-bindings'

type Library = (typeof Bindings)['default']

export interface Chunk {
  readonly rows: number
  /** A DOUBLE column, NaN where it is NULL. */
  numbers(column: number): Float64Array
  /** A VARCHAR column, null where it is NULL. */
  strings(column: number): (string | null)[]
}

export interface Database {
  run(sql: string): Promise<void>
  /** Streams a query in the order of its rows, some 2,048 rows a chunk; a chunk is valid until the next. */
  chunks(sql: string): AsyncIterable<Chunk>
  close(): void
}

export interface DatabaseOptions {
  readonly threads: number
  /** Memory that DuckDB may take for itself before it spills to `spillFolder`. */
  readonly memoryMb: number
  readonly spillFolder: string
}

/**
 * Opens a database in memory. DuckDB is loaded on the first call, because start-up time counts.
 *
 * @throws Error of DuckDB, to be translated by the caller
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const duckdb = (await import('@duckdb/node-bindings')).default
  const config = duckdb.create_config()
  const settings = {
    threads: String(options.threads),
    memory_limit: `${options.memoryMb}MB`,
    temp_directory: options.spillFolder,
    // Nothing is ever fetched from outside: no extension is installed or loaded behind our back.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  }
  for (const [name, value] of Object.entries(settings)) duckdb.set_config(config, name, value)
  const database = await duckdb.open(':memory:', config)
  return {
    async run(sql) {
      const connection = await duckdb.connect(database)
      try {
        await duckdb.query(connection, sql)
      } finally {
        duckdb.disconnect_sync(connection)
      }
    },
    async *chunks(sql) {
      // A streamed result ends when its connection is asked something else, so each has its own.
      const connection = await duckdb.connect(database)
      try {
        // The default of 1 MB makes the reading threads wait for ours.
        await duckdb.query(connection, `SET streaming_buffer_size = '32MB'`)
        const statement = await duckdb.prepare(connection, sql)
        try {
          yield* chunksOf(duckdb, await duckdb.execute_prepared_streaming(statement))
        } finally {
          duckdb.destroy_prepare_sync(statement)
        }
      } finally {
        duckdb.disconnect_sync(connection)
      }
    },
    close: () => duckdb.close_sync(database),
  }
}

async function* chunksOf(duckdb: Library, result: Bindings.Result): AsyncGenerator<Chunk> {
  for (;;) {
    const chunk = await duckdb.fetch_chunk(result)
    const rows = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk)
    if (chunk === null || rows === 0) return
    const vector = (column: number) => duckdb.data_chunk_get_vector(chunk, column)
    yield {
      rows,
      numbers: (column) => readNumbers(duckdb, vector(column), rows),
      strings: (column) => readStrings(duckdb, vector(column), rows),
    }
  }
}

/** Quotes a text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A path as the argument of read_csv or read_parquet, which would otherwise take * ? [ as wildcards. */
export function pathLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, '[$&]'))
}

function readNumbers(duckdb: Library, vector: Bindings.Vector, rows: number): Float64Array {
  const data = duckdb.vector_get_data(vector, rows * 8)
  const numbers = new Float64Array(data.buffer, data.byteOffset, rows)
  const validity = validityOf(duckdb, vector, rows)
  if (validity === null) return numbers
  const out = numbers.slice()
  for (let row = 0; row < rows; row++) if (!isValid(validity, row)) out[row] = NaN
  return out
}

/**
 * A VARCHAR vector is 16 bytes a row: the length, then up to 12 bytes of text, or 4 of them and a pointer.
 * @see https://duckdb.org/docs/stable/internals/vector#string-vectors
 */
function readStrings(duckdb: Library, vector: Bindings.Vector, rows: number): (string | null)[] {
  const raw = duckdb.vector_get_data(vector, rows * 16)
  const data = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const validity = validityOf(duckdb, vector, rows)
  const inlined = data.toString('latin1', 0, rows * 16)
  const out: (string | null)[] = Array.from({ length: rows })
  for (let row = 0; row < rows; row++) {
    if (validity !== null && !isValid(validity, row)) {
      out[row] = null
      continue
    }
    const at = row * 16
    const bytes = data.readUInt32LE(at)
    if (bytes <= 12) {
      out[row] = isAscii(data, at + 4, at + 4 + bytes)
        ? inlined.substring(at + 4, at + 4 + bytes)
        : data.toString('utf8', at + 4, at + 4 + bytes)
    } else {
      const text = duckdb.get_data_from_pointer(raw.buffer as ArrayBuffer, raw.byteOffset + at + 8, bytes)
      out[row] = Buffer.from(text.buffer, text.byteOffset, bytes).toString('utf8')
    }
  }
  return out
}

function isAscii(data: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (data[i] >= 128) return false
  return true
}

/** The validity mask, one bit a row, or null when every row is valid. */
function validityOf(duckdb: Library, vector: Bindings.Vector, rows: number): Uint8Array | null {
  return duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) ?? null
}

function isValid(validity: Uint8Array, row: number): boolean {
  return (validity[row >> 3] & (1 << (row & 7))) !== 0
}
