import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-A4WZCE42.js";import"./chunk-JO6M2EVI.js";export{a as default,b as gramWorker};
