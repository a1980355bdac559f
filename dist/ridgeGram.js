import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{gram,gramWorker,seenOf}from"./chunk-ridgeGram.js";import"./chunk-shared-2.js";export{gram as default,gramWorker,seenOf};
