import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-INEQ74SS.js";import"./chunk-YX63RQES.js";import"./chunk-Z67HOAWE.js";import"./chunk-L6RVH3NO.js";import"./chunk-JO6M2EVI.js";export{a as default,b as halfSpacesWorker};
