// Types are checked without an install of what is measured. All the rest is there for the library's own tests; these two may be anything.
declare module 'drizzle-cursor'
declare module 'kysely-cursor'
