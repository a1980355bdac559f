import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-X2WV7URI.js";import"./chunk-D4WQGGFW.js";import"./chunk-XEFKEVEV.js";import"./chunk-JO6M2EVI.js";export{a as default,b as hashWorker};
