/**
 * Points with well-known country and city: centres, landmarks, suburbs, borders, islands, wilderness. Compiled from maps,
 * independently of the lookup. Line format: name; latitude; longitude; country codes; cities. `|` separates alternatives,
 * `-` means none, `*` means unchecked.
 */
export interface KnownPlace {
  name: string;
  latitude: number;
  longitude: number;
  /** Empty for no country. */
  countryCodes: string[];
  /** Empty for no city, null if unchecked. */
  cities: string[] | null;
}

const lines = `
Eiffel Tower; 48.8584; 2.2945; FR; Paris
Sacré-Cœur; 48.8867; 2.3431; FR; Paris
Notre-Dame; 48.853; 2.3499; FR; Paris
Bercy; 48.8404; 2.377; FR; Paris
Montreuil; 48.8647; 2.4433; FR; Montreuil|Bagnolet|Vincennes
Basilica Saint-Denis; 48.9362; 2.3574; FR; Saint-Denis
Palace of Versailles; 48.8049; 2.1204; FR; Versailles
La Defense; 48.8924; 2.236; FR; Puteaux|Courbevoie|Nanterre
Brandenburg Gate; 52.5163; 13.3777; DE; Berlin
Alexanderplatz; 52.5208; 13.4094; DE; Berlin
Spandau; 52.5352; 13.1974; DE; Berlin
Köpenick; 52.442; 13.575; DE; Berlin
Sanssouci; 52.401; 13.036; DE; Potsdam
BER airport; 52.3667; 13.5033; DE; Schönefeld|Schoenefeld|Berlin
Big Ben; 51.5007; -0.1246; GB; London
Tower of London; 51.5081; -0.0759; GB; London
Camden Town; 51.539; -0.1426; GB; London
Greenwich; 51.4826; -0.0077; GB; London
Heathrow; 51.47; -0.4543; GB; *
Stamford Bridge; 51.4816; -0.191; GB; London
Windsor Castle; 51.4839; -0.6044; GB; Windsor
Times Square; 40.758; -73.9855; US; New York City|New York|Manhattan
Empire State; 40.7484; -73.9857; US; New York City|New York|Manhattan
Central Park; 40.7829; -73.9654; US; New York City|New York|Manhattan
Brooklyn; 40.6782; -73.9442; US; New York City|Brooklyn|New York
Yankee Stadium; 40.8296; -73.9262; US; New York City|The Bronx|Bronx|New York
Jersey City waterfront; 40.7162; -74.033; US; Jersey City
Hoboken; 40.744; -74.0324; US; Hoboken
Statue of Liberty; 40.6892; -74.0445; US; New York City|Jersey City|New York
Newark; 40.7357; -74.1724; US; Newark
Tokyo Tower; 35.6586; 139.7454; JP; Tokyo
Shibuya crossing; 35.6595; 139.7005; JP; Tokyo
Senso-ji; 35.7148; 139.7967; JP; Tokyo
Tokyo station; 35.6812; 139.7671; JP; Tokyo
Shinjuku; 35.6938; 139.7034; JP; Tokyo
Yokohama; 35.4437; 139.638; JP; Yokohama
Osaka Castle; 34.6873; 135.5262; JP; Osaka|Ōsaka
Fushimi Inari; 34.9671; 135.7727; JP; Kyoto|Kyōto
MASP Paulista; -23.5614; -46.6559; BR; São Paulo
Se; -23.5505; -46.6333; BR; São Paulo
Guarulhos airport; -23.4356; -46.4731; BR; Guarulhos
Cristo Redentor; -22.9519; -43.2105; BR; Rio de Janeiro
Copacabana; -22.9711; -43.1822; BR; Rio de Janeiro
Niteroi; -22.8832; -43.1034; BR; Niterói
Gateway of India; 18.922; 72.8347; IN; Mumbai
Bandra; 19.0596; 72.8295; IN; Mumbai
Thane; 19.2183; 72.9781; IN; Thane|Thāne
India Gate; 28.6129; 77.2295; IN; New Delhi|Delhi
Red Fort; 28.6562; 77.241; IN; Delhi|New Delhi
Gurgaon; 28.4595; 77.0266; IN; Gurugram|Gurgaon
Taj Mahal; 27.1751; 78.0421; IN; Agra|Āgra
Opera House; -33.8568; 151.2153; AU; Sydney
Harbour Bridge; -33.8523; 151.2108; AU; Sydney
Surry Hills; -33.8886; 151.2094; AU; Sydney|Surry Hills
Bondi; -33.8908; 151.2743; AU; Sydney|Bondi|Bondi Beach
Flinders St; -37.8183; 144.9671; AU; Melbourne
Tahrir; 30.0444; 31.2357; EG; Cairo
Citadel; 30.0299; 31.2611; EG; Cairo
Pyramids; 29.9792; 31.1342; EG; Giza|Al Jīzah|Al Giza|Nazlat as Sammān
Alexandria; 31.2001; 29.9187; EG; Alexandria
Hagia Sophia; 41.0086; 28.9802; TR; Istanbul|Fatih
Taksim; 41.0369; 28.985; TR; Istanbul|Beyoğlu
Kadikoy; 40.9903; 29.029; TR; Istanbul|Kadıköy
Red Square; 55.7539; 37.6208; RU; Moscow
Hermitage; 59.9398; 30.3146; RU; Saint Petersburg
Maidan; 50.4501; 30.5234; UA; Kyiv
St Peter; 41.9022; 12.4539; VA; Vatican City
Vatican Museums; 41.9065; 12.4536; VA; Vatican City
Colosseum; 41.8902; 12.4922; IT; Rome
Trevi; 41.9009; 12.4833; IT; Rome
San Marino; 43.9363; 12.4469; SM; San Marino|Città di San Marino
Rimini; 44.0594; 12.5683; IT; Rimini
Casino; 43.7396; 7.4273; MC; Monaco|Monte-Carlo|Monte Carlo
Palace; 43.7311; 7.4197; MC; Monaco|Monaco-Ville
La Turbie; 43.745; 7.402; FR; Beausoleil|La Turbie|Cap-d'Ail|Roquebrune-Cap-Martin
Marktplatz; 47.5596; 7.5886; CH; Basel
Weil; 47.595; 7.611; DE; Weil am Rhein
Saint-Louis; 47.591; 7.56; FR; Saint-Louis|Huningue
Baarle-Nassau; 51.4475; 4.9292; NL; Baarle-Nassau
Baarle-Hertog; 51.4387; 4.9282; BE; Baarle-Hertog
Cathedral; 48.5818; 7.751; FR; Strasbourg
Kehl; 48.573; 7.815; DE; Kehl
Geneva; 46.2044; 6.1432; CH; Genève|Geneva
Annemasse; 46.1934; 6.234; FR; Annemasse|Ville-la-Grand|Ambilly
Tijuana; 32.533; -117.0382; MX; Tijuana
San Diego; 32.7157; -117.1611; US; San Diego
San Ysidro; 32.552; -117.043; US; San Diego|San Ysidro|Imperial Beach
Horseshoe viewpoint; 43.0799; -79.0747; CA; Niagara Falls
Niagara NY; 43.0861; -79.068; US; Niagara Falls
El Paso; 31.7587; -106.4869; US; El Paso
Juarez; 31.739; -106.485; MX; Ciudad Juárez|Juárez
Maseru; -29.3151; 27.4869; LS; Maseru
Ladybrand; -29.2; 27.45; ZA; Ladybrand
Lesotho highlands; -29.5833; 28.9; LS; *
Gibraltar; 36.1408; -5.3536; GI; Gibraltar
La Linea; 36.1681; -5.348; ES; La Línea de la Concepción|La Línea
Ceuta; 35.8894; -5.3213; ES; Ceuta
Melilla; 35.2923; -2.9381; ES; Melilla
Kaliningrad; 54.7065; 20.511; RU; Kaliningrad
Central; 22.2855; 114.1577; HK; Hong Kong
Tsim Sha Tsui; 22.297; 114.172; HK; Hong Kong|Kowloon
Shenzhen; 22.5431; 114.0579; CN; Shenzhen
St Pauls; 22.1974; 113.5409; MO; Macau|Macao
Zhuhai; 22.271; 113.567; CN; Zhuhai
Marina Bay; 1.2834; 103.8607; SG; Singapore
center; 1.3521; 103.8198; SG; Singapore
Johor; 1.4655; 103.7578; MY; Johor Bahru
Las Palmas; 28.1235; -15.4363; ES; Las Palmas de Gran Canaria|Las Palmas
Teide; 28.2724; -16.6425; ES; *
Ponta Delgada; 37.7412; -25.6756; PT; Ponta Delgada
Funchal; 32.6496; -16.9086; PT; Funchal
Waikiki; 21.2766; -157.8278; US; Honolulu|Waikiki
Hilo; 19.7241; -155.0868; US; Hilo
Saint-Denis Reunion; -20.8823; 55.4504; RE; Saint-Denis
Torshavn; 62.0107; -6.7741; FO; Tórshavn
Hanga Roa; -27.15; -109.4333; CL; Hanga Roa
Rano Raraku; -27.1257; -109.2769; CL; *
Suva; -18.1416; 178.4419; FJ; Suva
Taveuni east of date line; -16.806; -179.988; FJ; *
sea off Rabi; -16.63; -179.9; FJ; *
Tarawa; 1.329; 172.979; KI; Tarawa|South Tarawa|Bairiki|Betio Village|Bikenibeu Village
Kiritimati; 1.98; -157.47; KI; *
Chatham; -43.9536; -176.5597; NZ; *
Tristan; -37.067; -12.311; SH; *
St Helena; -15.9244; -5.7181; SH; Jamestown
Ascension; -7.927; -14.411; SH; *
mid Atlantic; -5; -20; -; -
south Pacific; -40; -120; -; -
N Atlantic; 20; -45; -; -
Indian ocean; -30; 80; -; -
North pole; 90; 0; -; -
South pole; -90; 0; AQ; -
McMurdo; -77.8463; 166.6682; AQ; *
Dome C; -75.1; 123.3; AQ; -
Sahara; 23.5; 10; DZ; -
Sahara Chad/Niger; 21; 15; TD|NE; -
Greenland ice; 72; -40; GL; -
Nuuk; 64.1743; -51.7373; GL; Nuuk
Siberia; 66; 105; RU; -
Yakutsk; 62.0278; 129.7322; RU; Yakutsk
Uluru; -25.3444; 131.0369; AU; *
Stephansdom; 48.2086; 16.3727; AT; Vienna
Marienplatz; 48.1372; 11.5755; DE; Munich
Elbphilharmonie; 53.5413; 9.9841; DE; Hamburg
Cologne; 50.9413; 6.9583; DE; Köln|Cologne
Dam; 52.3731; 4.8926; NL; Amsterdam
Schiphol; 52.3105; 4.7683; NL; *
Grand Place; 50.8467; 4.3525; BE; Brussels
Atomium; 50.895; 4.3415; BE; Brussels|Laeken|Laken|Grimbergen
Copenhagen; 55.6761; 12.5683; DK; Copenhagen
Gamla Stan; 59.3251; 18.0711; SE; Stockholm
Oslo; 59.9139; 10.7522; NO; Oslo
Helsinki; 60.1699; 24.9384; FI; Helsinki
Reykjavik; 64.1466; -21.9426; IS; Reykjavík|Reykjavik
Dublin; 53.3498; -6.2603; IE; Dublin
Edinburgh castle; 55.9486; -3.1999; GB; Edinburgh
Sol; 40.4168; -3.7038; ES; Madrid
Sagrada Familia; 41.4036; 2.1744; ES; Barcelona
Belem; 38.6916; -9.216; PT; Lisbon
Lisbon castle; 38.7139; -9.1334; PT; Lisbon
Duomo; 45.4641; 9.1919; IT; Milan|Milano
San Marco; 45.4341; 12.3388; IT; Venice|Venezia
Duomo; 43.7731; 11.256; IT; Florence
Naples; 40.8518; 14.2681; IT; Naples|Napoli
Acropolis; 37.9715; 23.7267; GR; Athens
Old Town; 50.0875; 14.4213; CZ; Prague
Castle; 52.2497; 21.0122; PL; Warsaw
Budapest; 47.4979; 19.0402; HU; Budapest
Bucharest; 44.4268; 26.1025; RO; Bucharest
Sofia; 42.6977; 23.3219; BG; Sofia
Zurich; 47.3769; 8.5417; CH; Zürich|Zurich
Bern; 46.948; 7.4474; CH; Bern
Western Wall; 31.7767; 35.2345; IL|PS; Jerusalem
Tel Aviv; 32.0853; 34.7818; IL; Tel Aviv|Tel Aviv-Yafo
Burj Khalifa; 25.1972; 55.2744; AE; Dubai
Grand Mosque; 24.4128; 54.475; AE; Abu Dhabi
Mecca; 21.4225; 39.8262; SA; Mecca|Makkah
Tehran; 35.6892; 51.389; IR; Tehran|Tehrān
Baghdad; 33.3152; 44.3661; IQ; Baghdad
Karachi; 24.8607; 67.0011; PK; Karachi
Dhaka; 23.8103; 90.4125; BD; Dhaka
Kathmandu; 27.7172; 85.324; NP; Kathmandu
Everest; 27.9881; 86.925; NP|CN; *
Grand Palace; 13.75; 100.4913; TH; Bangkok
Hanoi; 21.0285; 105.8542; VN; Hanoi|Ha Noi
Ho Chi Minh City; 10.7769; 106.7009; VN; Ho Chi Minh City
Monas; -6.1754; 106.8272; ID; Jakarta
Manila; 14.5995; 120.9842; PH; Manila
Makati; 14.5547; 121.0244; PH; Makati City|Makati
Gyeongbokgung; 37.5796; 126.977; KR; Seoul
Gangnam; 37.4979; 127.0276; KR; Seoul
Forbidden City; 39.9163; 116.3972; CN; Beijing
Pudong; 31.2397; 121.4998; CN; Shanghai
People Sq; 31.2304; 121.4737; CN; Shanghai
101; 25.034; 121.5645; TW; Taipei
Auckland; -36.8485; 174.7633; NZ; Auckland
Wellington; -41.2865; 174.7762; NZ; Wellington
Nairobi; -1.2864; 36.8172; KE; Nairobi
Lagos; 6.4541; 3.3947; NG; Lagos
Johannesburg; -26.2041; 28.0473; ZA; Johannesburg
Cape Town; -33.9249; 18.4241; ZA; Cape Town
Casablanca; 33.5731; -7.5898; MA; Casablanca
Dakar; 14.6937; -17.4441; SN; Dakar
Addis; 9.0054; 38.7636; ET; Addis Ababa
downtown Los Angeles; 34.0522; -118.2437; US; Los Angeles
Hollywood; 34.1016; -118.3267; US; Los Angeles|Hollywood
Santa Monica pier; 34.01; -118.496; US; Santa Monica
Beverly Hills; 34.0736; -118.4004; US; Beverly Hills
Golden Gate; 37.8199; -122.4783; US; San Francisco|Sausalito
Ferry building; 37.7955; -122.3937; US; San Francisco
UC Berkeley; 37.8719; -122.2585; US; Berkeley
Stanford; 37.4275; -122.1697; US; Stanford|Palo Alto
Bean; 41.8827; -87.6233; US; Chicago
Boston; 42.3601; -71.0589; US; Boston
Harvard; 42.3744; -71.1169; US; Cambridge
White House; 38.8977; -77.0365; US; Washington|Washington D.C.
Pentagon; 38.8719; -77.0563; US; Arlington|Pentagon City
Kansas City, Missouri; 39.0997; -94.5786; US; Kansas City
Kansas City, Kansas; 39.1141; -94.6275; US; Kansas City
Grand Canyon; 36.0544; -112.1401; US; Grand Canyon Village|Grand Canyon
Yosemite; 37.7456; -119.5936; US; *
Strip; 36.1147; -115.1728; US; Las Vegas|Paradise
South Beach; 25.7907; -80.13; US; Miami Beach
Disney World; 28.3852; -81.5639; US; *
Space Needle; 47.6205; -122.3493; US; Seattle
CN Tower; 43.6426; -79.3871; CA; Toronto
Vancouver; 49.2827; -123.1207; CA; Vancouver
Montreal; 45.5048; -73.5563; CA; Montréal|Montreal
Parliament; 45.4236; -75.7009; CA; Ottawa
Museum of History; 45.4291; -75.709; CA; Gatineau
Zocalo; 19.4326; -99.1332; MX; Mexico City
Chichen Itza; 20.6829; -88.5686; MX; *
Havana; 23.1352; -82.3586; CU; Havana|La Habana Vieja
Obelisco; -34.6037; -58.3816; AR; Buenos Aires
Santiago; -33.4372; -70.6506; CL; Santiago
Lima; -12.0464; -77.0428; PE; Lima
Machu Picchu; -13.1631; -72.545; PE; *
Bogota; 4.5981; -74.0758; CO; Bogotá
Caracas; 10.488; -66.8792; VE; Caracas
Iguazu falls; -25.6953; -54.4367; BR|AR; Foz do Iguaçu|Puerto Iguazú
Ushuaia; -54.8019; -68.303; AR; Ushuaia
Longyearbyen; 78.2232; 15.6267; SJ; Longyearbyen
North Cape; 71.171; 25.7844; NO; *
Mariehamn; 60.1012; 19.9348; AX; Mariehamn
Guernsey; 49.4555; -2.5368; GG; Saint Peter Port
Douglas; 54.1523; -4.486; IM; Douglas
Vaduz; 47.141; 9.5215; LI; Vaduz
Andorra; 42.5063; 1.5218; AD; Andorra la Vella
Luxembourg; 49.6116; 6.1319; LU; Luxembourg
Nicosia; 35.1856; 33.3823; CY; Nicosia
Kyrenia; 35.34; 33.319; CY; Kyrenia
Simferopol; 44.9521; 34.1024; UA; Simferopol
Laayoune; 27.1536; -13.2033; EH; Laayoune|Laâyoune
Pristina; 42.6629; 21.1655; XK; Pristina
Maribor; 46.55; 15.65; SI; Maribor
Nova Gorica; 45.956; 13.648; SI; Nova Gorica
Gorizia; 45.9402; 13.622; IT; Gorizia
Zittau; 50.8965; 14.8072; DE; Zittau
Goerlitz; 51.1528; 14.9872; DE; Görlitz
Zgorzelec; 51.15; 15.008; PL; Zgorzelec
Frankfurt (Oder); 52.35; 14.551; DE; Frankfurt (Oder)
Haparanda; 65.826; 24.137; SE; Haparanda
Tornio; 65.848; 24.15; FI; Tornio
Leticia; -4.215; -69.94; CO; Leticia
Tabatinga; -4.253; -69.939; BR; Tabatinga
Harare; -17.825; 31.0335; ZW; Harare
Vic Falls; -17.925; 25.856; ZW|ZM; Victoria Falls|Livingstone
Boulogne mairie; 48.8352; 2.241; FR; Boulogne-Billancourt
Vincennes; 48.8474; 2.439; FR; Vincennes
Sesto; 45.534; 9.233; IT; Sesto San Giovanni
Hospitalet; 41.3597; 2.0997; ES; L'Hospitalet de Llobregat|Hospitalet de Llobregat|Cornellà de Llobregat
Badalona; 41.45; 2.2474; ES; Badalona
Getafe; 40.3083; -3.7327; ES; Getafe
Frederiksberg; 55.6785; 12.53; DK; Frederiksberg|Copenhagen
Solna; 59.36; 18; SE; Solna|Stockholm
Vantaa; 60.2934; 25.0378; FI; Vantaa|Tikkurila
Espoo; 60.2052; 24.6522; FI; Espoo
Schiedam; 51.917; 4.398; NL; Schiedam
Delft; 52.0116; 4.3571; NL; Delft
Fuerth; 49.4774; 10.9887; DE; Fürth
Offenbach; 50.105; 8.762; DE; Offenbach|Offenbach am Main
Mississauga; 43.589; -79.6441; CA; Mississauga
Brampton; 43.7315; -79.7624; CA; Brampton
Burnaby; 49.2488; -122.9805; CA; Burnaby
Richmond BC; 49.1666; -123.1336; CA; Richmond
Longueuil; 45.5312; -73.5181; CA; Longueuil
Laval; 45.555; -73.721; CA; Laval
Somerville; 42.3876; -71.0995; US; Somerville
Brookline; 42.3318; -71.1212; US; Brookline
Quincy; 42.2529; -71.0023; US; Quincy
Oakland; 37.8044; -122.2712; US; Oakland
Daly City; 37.6879; -122.4702; US; Daly City
Pasadena; 34.1478; -118.1445; US; Pasadena
Long Beach; 33.7701; -118.1937; US; Long Beach
Evanston; 42.0451; -87.6877; US; Evanston
Oak Park; 41.885; -87.7845; US; Oak Park
Bellevue; 47.6101; -122.2015; US; Bellevue
Tempe; 33.4255; -111.94; US; Tempe
Scottsdale; 33.4942; -111.9261; US; Scottsdale
Fort Worth; 32.7555; -97.3308; US; Fort Worth
St Paul; 44.9537; -93.09; US; Saint Paul|St. Paul
St Louis; 38.627; -90.1994; US; St. Louis
East St. Louis; 38.6245; -90.1507; US; East Saint Louis|East St. Louis
Vancouver WA; 45.6257; -122.676; US; Vancouver
Portland; 45.519; -122.679; US; Portland
Covington; 39.0837; -84.5086; US; Covington
Cincinnati; 39.1031; -84.512; US; Cincinnati
Camden NJ; 39.9259; -75.1196; US; Camden
Philadelphia; 39.9496; -75.1503; US; Philadelphia
Alexandria; 38.8048; -77.0469; US; Alexandria
Silver Spring; 38.994; -77.03; US; Silver Spring
Osasco; -23.5329; -46.792; BR; Osasco
Santo Andre; -23.6639; -46.5383; BR; Santo André
Navi Mumbai; 19.033; 73.0297; IN; Navi Mumbai
Kawasaki; 35.5308; 139.7029; JP; Kawasaki
Saitama; 35.8617; 139.6455; JP; Saitama|Urawa
Sakai; 34.5733; 135.483; JP; Sakai
Amagasaki; 34.7335; 135.4066; JP; Amagasaki
Incheon; 37.4563; 126.7052; KR; Incheon
Suwon; 37.2636; 127.0286; KR; Suwon|Suwon-si
Salford; 53.4875; -2.2901; GB; Salford
Stockport; 53.4106; -2.1575; GB; Stockport
Manchester; 53.4794; -2.2453; GB; Manchester
Gateshead; 54.9527; -1.6034; GB; Gateshead
Newcastle; 54.9783; -1.6178; GB; Newcastle upon Tyne|Newcastle
Dun Laoghaire; 53.2945; -6.1336; IE; Dún Laoghaire
Quezon City; 14.651; 121.049; PH; Quezon City|Quezon
Petaling Jaya; 3.1073; 101.6067; MY; Petaling Jaya
KLCC; 3.1579; 101.7116; MY; Kuala Lumpur
Tangerang; -6.1783; 106.6319; ID; Tangerang
Nonthaburi; 13.8622; 100.5144; TH; Nonthaburi|Mueang Nonthaburi
Zapopan; 20.7214; -103.3918; MX; Zapopan
Guadalajara; 20.6767; -103.347; MX; Guadalajara
San Pedro; 25.6573; -100.402; MX; San Pedro Garza García
Monterrey; 25.6714; -100.309; MX; Monterrey
Callao; -12.0566; -77.1181; PE; Callao
Vina; -33.0245; -71.5518; CL; Viña del Mar
Valparaiso; -33.0458; -71.6197; CL; Valparaíso
Avellaneda; -34.662; -58.365; AR; Avellaneda
Soweto; -26.2678; 27.8585; ZA; Soweto|Johannesburg
Pretoria; -25.7479; 28.2293; ZA; Pretoria
Durban; -29.8587; 31.0218; ZA; Durban
Perth; -31.9505; 115.8605; AU; Perth
Fremantle; -32.0569; 115.7439; AU; Fremantle|Perth
Brisbane; -27.4698; 153.0251; AU; Brisbane
Gold Coast; -28.0023; 153.4145; AU; Gold Coast|Surfers Paradise
Adelaide; -34.9285; 138.6007; AU; Adelaide
Lyon; 45.764; 4.8357; FR; Lyon
Villeurbanne; 45.772; 4.89; FR; Villeurbanne
Marseille; 43.2965; 5.3698; FR; Marseille
Nice; 43.7009; 7.2684; FR; Nice
Cannes; 43.5513; 7.0128; FR; Cannes
Chamonix; 45.9237; 6.8694; FR; Chamonix-Mont-Blanc|Chamonix
Mont-Saint-Michel; 48.6361; -1.5115; FR; *
Zermatt; 46.0207; 7.7491; CH; Zermatt
Interlaken; 46.6863; 7.8632; CH; Interlaken|Unterseen|Matten
Neuschwanstein; 47.5576; 10.7498; DE; Schwangau|Hohenschwangau|Füssen
Salzburg; 47.8006; 13.0436; AT; Salzburg
Innsbruck; 47.2692; 11.4041; AT; Innsbruck
Bolzano; 46.4983; 11.3548; IT; Bolzano|Bolzano - Bozen
Pompeii; 40.7497; 14.4869; IT; Pompei|Pompeii
Pisa; 43.723; 10.3966; IT; Pisa
Cinque Terre; 44.1461; 9.6546; IT; Vernazza|Corniglia|Monterosso al Mare
Santorini; 36.4618; 25.3753; GR; Oía|Oia|Ía
Mykonos; 37.4467; 25.3289; GR; Mykonos|Míkonos|Mýkonos
Dubrovnik; 42.641; 18.1106; HR; Dubrovnik
Split; 43.5081; 16.4402; HR; Split
Petra; 30.3285; 35.4444; JO; Wadi Musa|Wādī Mūsá|Petra
Karnak; 25.7188; 32.6573; EG; Luxor
Marrakesh; 31.6258; -7.9892; MA; Marrakesh|Marrakech
Kilimanjaro; -3.0674; 37.3556; TZ; *
Table mountain; -33.9628; 18.4098; ZA; Cape Town
Ubud; -8.5069; 115.2625; ID; Ubud
Angkor; 13.4125; 103.867; KH; Siem Reap
Ha Long; 20.9101; 107.1839; VN; *
Chiang Mai; 18.7883; 98.9853; TH; Chiang Mai
Fuji; 35.3606; 138.7274; JP; *
Hiroshima; 34.3955; 132.4536; JP; Hiroshima
Sapporo; 43.0621; 141.3544; JP; Sapporo
Naha; 26.2124; 127.6809; JP; Naha
Milford Sound; -44.6717; 167.925; NZ; *
Queenstown; -45.0312; 168.6626; NZ; Queenstown
Apia; -13.8333; -171.7667; WS; Apia
Pago Pago; -14.2781; -170.7025; AS; Pago Pago|Fagatogo
Nukualofa; -21.1394; -175.2049; TO; Nuku‘alofa|Nuku'alofa
Majuro; 7.0897; 171.3803; MH; *
Papeete; -17.5516; -149.5585; PF; Papeete
Guam; 13.4757; 144.7489; GU; *
San Juan; 18.4655; -66.1057; PR; San Juan
Bermuda; 32.2949; -64.7814; BM; Hamilton
Stanley; -51.6977; -57.8517; FK; Stanley
Aruba; 12.524; -70.027; AW; Oranjestad
Marigot; 18.067; -63.082; MF; Marigot
Philipsburg; 18.0237; -63.0458; SX; Philipsburg
Gustavia; 17.8962; -62.8498; BL; Gustavia
Fort de France; 14.6161; -61.0588; MQ; Fort-de-France
Cayenne; 4.9372; -52.326; GF; Cayenne
Noumea; -22.2758; 166.458; NC; Nouméa|Noumea
Mamoudzou; -12.7806; 45.2278; YT; Mamoudzou
Dhekelia; 35.0117; 33.73; GB; *
Almaty; 43.2567; 76.9286; KZ; Almaty
Astana; 51.1694; 71.4491; KZ; Astana
Tashkent; 41.2995; 69.2401; UZ; Tashkent
Sukhbaatar Square; 47.9185; 106.9177; MN; Ulan Bator|Ulaanbaatar
Tromso; 69.6492; 18.9553; NO; Tromsø
Hammerfest; 70.6634; 23.6821; NO; Hammerfest
Kiruna; 67.8558; 20.2253; SE; Kiruna
Norilsk; 69.3535; 88.2027; RU; Norilsk|Noril’sk
Anadyr; 64.7337; 177.4968; RU; Anadyr
Anchorage; 61.2181; -149.9003; US; Anchorage
Utqiagvik; 71.2906; -156.7886; US; Barrow|Utqiagvik|Utqiaġvik
Iqaluit; 63.7467; -68.517; CA; Iqaluit
Alert; 82.5018; -62.3481; CA; *
Herm/Sark; 49.328; -2.36; GG; *
Jersey; 49.1868; -2.1066; JE; Saint Helier
Sant Julia; 42.4355; 1.473; AD; *
Llivia; 42.4642; 1.9803; ES; Llívia
Campione; 45.972; 8.971; IT|CH; *
Buesingen; 47.696; 8.689; DE; Büsingen|Büsingen am Hochrhein
Manama; 26.2285; 50.586; BH; Manama
Yerevan; 40.1792; 44.4991; AM; Yerevan
Tbilisi; 41.7151; 44.8271; GE; Tbilisi
Baku; 40.4093; 49.8671; AZ; Baku
Chukotka on the date line; 67.5; -180; RU; -
Wrangel Island on the date line; 71.23; 180; RU; -
Odesa opera; 46.4853; 30.7411; UA; Odesa|Odessa
Odesa Arcadia beach; 46.432; 30.766; UA; Odesa|Odessa
Rostov arena; 47.2094; 39.7378; RU; Rostov-on-Don|Rostov-na-Donu
Rostov west; 47.23; 39.63; RU; Rostov-on-Don|Rostov-na-Donu
Dunkirk Malo-les-Bains; 51.05; 2.4; FR; Dunkirk|Dunkerque
Vinnytsia; 49.2331; 28.4682; UA; Vinnytsia|Vinnytsya
Uzhhorod castle; 48.621; 22.306; UA; Uzhhorod|Uzhgorod
Mbombela; -25.4745; 30.9703; ZA; Mbombela|Nelspruit
Scarborough town centre; 43.7755; -79.2577; CA; Toronto
North York; 43.7615; -79.4111; CA; Toronto
Etobicoke; 43.6205; -79.5132; CA; Toronto
Markham; 43.8561; -79.337; CA; Markham
Vaughan; 43.8361; -79.4983; CA; Vaughan
Itaquera; -23.54; -46.47; BR; São Paulo
Santo Amaro; -23.654; -46.708; BR; São Paulo
Diadema; -23.6861; -46.6228; BR; Diadema
Parque das Nações; 38.768; -9.095; PT; Lisbon
Amadora; 38.754; -9.23; PT; Amadora
`;

function parseList(text: string): string[] {
  return text === "-" ? [] : text.split("|");
}

export const knownPlaces: KnownPlace[] = lines
  .trim()
  .split("\n")
  .map((line) => {
    const [name = "", latitude, longitude, codes = "", cities = ""] = line.split("; ");
    return {
      name,
      latitude: Number(latitude),
      longitude: Number(longitude),
      countryCodes: parseList(codes),
      cities: cities === "*" ? null : parseList(cities),
    };
  });
