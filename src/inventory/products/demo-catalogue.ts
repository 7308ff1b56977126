export interface DemoProduct {
  sku: string;
  name: string;
  description: string | null;
  price: string;
  currency: string;
  inStock: boolean;
}

type Extras = Partial<Pick<DemoProduct, 'description' | 'currency' | 'inStock'>>;

/** Fills in what most rows share: no description, US dollars, in stock. */
function item(sku: string, name: string, price: string, extras: Extras = {}): DemoProduct {
  return { sku, name, description: null, price, currency: 'USD', inStock: true, ...extras };
}

/** The small catalogue that a fresh development database is filled with. */
export const DEMO_CATALOGUE: readonly DemoProduct[] = [
  // Hand tools
  item('TOOL-HMR-0450', 'Claw hammer, 450 g, hickory handle', '24.90', {
    description: 'Drop-forged steel head on a 33 cm hickory shaft. The polished face leaves clean work.',
  }),
  item('TOOL-SCR-SET8', 'Screwdriver set, 8 pieces', '31.50', {
    description: 'Slotted and cross-head blades in chrome-vanadium steel with two-component grips.',
  }),
  item('TOOL-PLR-0180', 'Combination pliers, 180 mm', '18.75', {
    description:
      'Hardened cutting edges for wire up to 3.1 mm. Dipped grips keep a firm hold with oily hands.',
  }),
  item('TOOL-SAW-JPN24', 'Fine-tooth pull saw, 240 mm', '36.00', {
    description: 'Thin 0.5 mm blade that cuts on the pull stroke. The blade swaps out without tools.',
    inStock: false,
  }),
  item('TOOL-LVL-0600', 'Spirit level, 60 cm, three vials', '27.20', {
    description: 'Milled aluminium profile with shock-absorbing end caps, accurate to 0.5 mm per metre.',
  }),
  item('TOOL-HEX-M9', 'Hex key set, metric, 1.5-10 mm', '12.40'),
  item('TOOL-TRQ-0210', 'Torque wrench, 1/2 inch, 40-210 Nm', '89.00', {
    description: 'Click-type wrench with a 72-tooth ratchet. Comes with a test certificate and a hard case.',
    currency: 'EUR',
  }),

  // Kitchen
  item('KIT-PAN-CI26', 'Cast iron skillet, 26 cm', '42.00', {
    description:
      'Pre-seasoned skillet with two pouring lips, 2.3 kg. Works on every hob, including induction.',
  }),
  item('KIT-KNF-CH20', "Chef's knife, 20 cm blade", '64.90', {
    description: 'Stainless steel hardened to 58 HRC, with a full tang and a riveted walnut handle.',
  }),
  item('KIT-BRD-OAK45', 'Oak chopping board, 45 x 30 cm', '38.50', {
    description: 'End-grain oak, 3.5 cm thick, with a juice groove. Finished with food-safe linseed oil.',
    currency: 'EUR',
  }),
  item('KIT-BWL-SS3', 'Mixing bowls, set of 3, stainless steel', '29.95', {
    description: 'Nesting bowls of 1.5, 3 and 5 litres with a silicone base ring and printed volume marks.',
  }),
  item('KIT-KTL-GN12', 'Gooseneck kettle, 1.2 l, matte black', '54.00', {
    description: 'Slim spout for a slow, even pour. A thermometer in the lid reads from 0 to 100 °C.',
    inStock: false,
  }),
  item('KIT-JAR-0750', 'Preserving jar with clip lid, 0.75 l', '4.60'),
  item('KIT-SCL-05KG', 'Digital kitchen scale, 5 kg', '22.30', {
    description: 'Tempered glass platform, 1 g steps and a tare button. Runs on two AAA cells (included).',
  }),

  // Office
  item('OFF-NTB-A5-DOT', 'Dotted notebook, A5, 192 pages', '11.90', {
    description: 'Thread-bound 100 g/m² paper that lies flat, with numbered pages and two ribbon markers.',
  }),
  item('OFF-PEN-GEL12', 'Gel pens, 0.5 mm, black, box of 12', '9.80', {
    description: 'Quick-drying, smudge-resistant ink in a retractable barrel with a rubber grip.',
  }),
  item('OFF-STP-HD100', 'Heavy-duty stapler, 100 sheets', '34.25', {
    description: 'All-metal stapler with an adjustable paper guide. Takes staples from 6 to 13 mm.',
  }),
  item('OFF-PPR-A4-2500', 'Copy paper, A4, 80 g/m², 5 x 500 sheets', '26.40', {
    description: 'Bright white, acid-free paper for laser and inkjet printers, from certified forestry.',
    currency: 'EUR',
  }),
  item('OFF-LMP-LED-W', 'LED desk lamp with clamp, white', '58.00', {
    description: 'Three-joint arm with an 80 cm reach. Dims in five steps between 2700 and 6000 K.',
  }),
  item('OFF-CHR-MESH2', 'Task chair with mesh back, grey', '249.00', {
    description: 'Adjustable lumbar support, armrests and seat depth. Rated for users up to 130 kg.',
    inStock: false,
  }),

  // Electronics accessories
  item('ELEC-PWR-6WAY', 'Surge-protected power strip, 6 sockets, 2 m', '32.90', {
    description: 'Wide-spaced sockets with child shutters, a lit main switch and keyholes for the wall.',
  }),
  item('ELEC-CBL-C6A-05', 'Network patch cable, Cat 6A, 5 m, blue', '8.45', {
    description: 'Double-shielded copper cable for 10 Gbit/s with moulded boots and snagless latches.',
  }),
  item('ELEC-STD-LAP-AL', 'Folding laptop stand, aluminium', '39.90', {
    description: 'Six height settings for 10 to 16 inch laptops. Folds to a flat 25 cm bar, 260 g.',
  }),
  item('ELEC-BAT-AA8', 'Rechargeable AA cells, NiMH 2100 mAh, pack of 8', '23.60', {
    description: 'Low self-discharge cells that hold 70 % of their charge after a year on the shelf.',
  }),
  item('ELEC-MSE-VRT', 'Vertical wireless mouse, right-handed', '45.00', {
    description: 'A 57-degree grip that relieves the wrist. Quiet buttons and up to 90 days per charge.',
  }),
  item('ELEC-TIE-HL50', 'Hook-and-loop cable ties, 20 cm, pack of 50', '7.15'),

  // Outdoor
  item('OUT-TNT-2P-GRN', 'Two-person trekking tent, green', '189.00', {
    description: 'Double-wall ripstop tent with a 3000 mm water column, two porches and a weight of 2.1 kg.',
    currency: 'EUR',
  }),
  item('OUT-BTL-0750', 'Insulated bottle, 0.75 l, stainless steel', '27.90', {
    description: 'Vacuum walls keep drinks cold for 24 hours or hot for 12. The lid closes leak-proof.',
  }),
  item('OUT-LMP-HD400', 'Headlamp, 400 lumens, rechargeable', '36.80', {
    description: 'Spot, flood and red light in a splash-proof housing. The tilting head weighs only 82 g.',
  }),
  item('OUT-PCK-28L', 'Day pack, 28 l, slate', '74.50', {
    description: 'Ventilated mesh back, hip belt and rain cover. Recycled polyester with sealed zips.',
  }),
  item('OUT-SPD-FLD', 'Folding spade with pouch', '21.00', {
    description: 'Carbon steel blade with one serrated edge. Opens to 58 cm and locks at two angles.',
  }),
  item('OUT-HMK-CTN', 'Cotton hammock, 200 x 150 cm, striped', '48.00', {
    description: 'Tightly woven cotton that carries up to 200 kg. Tree straps and steel hooks are included.',
    inStock: false,
  }),

  // Home textiles
  item('HOME-TWL-70X140', 'Bath towel, 70 x 140 cm, sand', '19.50', {
    description: 'Combed cotton terry, 550 g/m², with a woven border. Machine washable at 60 °C.',
  }),
  item('HOME-BED-DBL-LIN', 'Linen bed set, double, pale grey', '164.00', {
    description: 'Stonewashed flax linen: one 240 x 220 cm cover and two 65 x 65 cm pillowcases.',
    currency: 'EUR',
  }),
  item('HOME-THR-WOOL', 'Wool throw, 130 x 180 cm, herringbone', '79.90', {
    description: 'Lambswool in a herringbone weave with knotted fringes. Hand wash or dry clean.',
  }),
  item('HOME-CUR-BLK2', 'Blackout curtains, pair, 140 x 245 cm, navy', '56.70', {
    description: 'Triple-weave polyester with eight steel eyelets per panel. Muffles noise and draughts.',
  }),
  item('HOME-RUG-JUT160', 'Braided jute rug, round, 160 cm', '94.00', {
    description: 'Hand-braided natural jute, 12 mm thick. Use an underlay on smooth floors.',
  }),
  item('HOME-TEA-WFL4', 'Waffle tea towels, 50 x 70 cm, set of 4', '16.20'),

  // Safety and workwear
  item('SAFE-HLM-VNT-Y', 'Vented safety helmet, yellow', '28.60', {
    description: 'ABS shell with a six-point harness and ratchet dial for 53 to 63 cm. Meets EN 397.',
  }),
  item('SAFE-GLV-NIT-L', 'Nitrile-coated work gloves, size L, 12 pairs', '33.00', {
    description: 'Seamless nylon liner with a foam nitrile palm for dry and lightly oiled parts.',
  }),
  item('SAFE-BTS-S3-43', 'Safety boots S3, size 43', '97.50', {
    description: 'Full-grain leather with a composite toe cap and a puncture-resistant, oil-proof sole.',
    currency: 'EUR',
  }),
  item('SAFE-VST-HV-XL', 'High-visibility vest, orange, size XL', '6.90', {
    description: 'Breathable polyester with two 5 cm reflective bands and a zip. EN ISO 20471, class 2.',
  }),
  item('SAFE-EAR-30DB', 'Ear defenders, SNR 30 dB', '17.80', {
    description: 'Low-profile cups on a padded steel band. Soft cushions that can be replaced.',
  }),
  item('SAFE-KIT-FA50', 'First aid kit, 50 persons, wall bracket', '68.40', {
    description: 'Dust-tight orange case with dressings, burn gel, eye wash and a contents checklist.',
  }),

  // Storage
  item('STO-BOX-EU6040', 'Stacking container, 60 x 40 x 32 cm, grey', '15.30', {
    description: 'Food-grade polypropylene with open handles. Holds 63 litres and stacks up to 300 kg.',
  }),
  item('STO-SHL-180-5T', 'Boltless shelving, 180 x 90 x 45 cm, 5 tiers', '112.00', {
    description: 'Galvanised frame with MDF boards that carry 175 kg each. Goes up in 15 minutes.',
  }),
  item('STO-BIN-WALL24', 'Wall rack with 24 small-parts bins', '46.90', {
    description: 'Two steel panels and 24 open-front bins in three sizes. Screws and plugs are included.',
  }),
  item('STO-LBL-PKT100', 'Self-adhesive label pockets, 100 x 38 mm, pack of 100', '13.75'),
  item('STO-CAB-STL2D', 'Steel tool cabinet, 2 doors, lockable', '1249.00', {
    description: 'Welded 1.2 mm sheet, 195 x 92 x 50 cm, with four shelves and a three-point lock.',
    inStock: false,
  }),
  item('STO-BAG-VAC6', 'Vacuum storage bags, 80 x 60 cm, set of 6', '18.99', {
    description: 'Airtight bags that shrink bedding to a third of its size. Fits any vacuum hose.',
  }),
];
