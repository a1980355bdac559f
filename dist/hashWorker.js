import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{hashImages,hashWorker}from"./chunk-hashWorker.js";import"./chunk-readImage.js";import"./chunk-imageHeader.js";import"./chunk-entry.js";import"./chunk-shared-2.js";export{hashImages as default,hashWorker};
