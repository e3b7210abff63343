/** As the types of Vite and of Next have it. */
declare module '*.css'
