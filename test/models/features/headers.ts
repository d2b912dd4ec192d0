/** Well-known customer files as tables: their headers as published, with values of the same kind and range. */
import { table } from './table.ts'

const range = (from: number, to: number, count = 97): number[] =>
  Array.from({ length: count }, (_, i) => Math.round((from + ((to - from) * i) / (count - 1)) * 100) / 100)
const whole = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
const yesNo = ['No', 'Yes', 'No']
const addOn = ['No', 'Yes', 'No internet service']
const contracts = ['Month-to-month', 'One year', 'Two year']
const payment = ['Electronic check', 'Mailed check', 'Bank transfer (automatic)', 'Credit card (automatic)']
const dates = ['2024-01-05', '2024-03-01', null, '2024-05-09', '2023-11-30', '2022-02-02', '2021-07-01']
const renewals = ['2025-01-05', '2024-09-01', '2024-12-24']

export const telco = (rows = 1000) =>
  table(
    {
      customerID: '#-VHVEG',
      gender: ['Female', 'Male'],
      SeniorCitizen: [0, 0, 1],
      Partner: yesNo,
      Dependents: yesNo,
      tenure: whole(0, 72),
      PhoneService: yesNo,
      MultipleLines: ['No', 'Yes', 'No phone service'],
      InternetService: ['Fiber optic', 'DSL', 'No'],
      OnlineSecurity: addOn,
      OnlineBackup: addOn,
      DeviceProtection: addOn,
      TechSupport: addOn,
      StreamingTV: addOn,
      StreamingMovies: addOn,
      Contract: contracts,
      PaperlessBilling: yesNo,
      PaymentMethod: payment,
      MonthlyCharges: range(18.25, 118.75),
      TotalCharges: [...range(18.8, 4500), null],
      Churn: ['No', 'No', 'Yes'],
    },
    rows,
  )

export const telcoExtended = table({
  CustomerID: '#-QPYBK',
  Count: [1],
  Country: ['United States'],
  State: ['California'],
  City: ['Los Angeles', 'San Diego', 'Fresno'],
  'Zip Code': whole(90001, 90300),
  'Lat Long': ['33.964131, -118.272783', '34.059281, -118.30742'],
  Latitude: range(32.55, 41.96),
  Longitude: range(-124.3, -114.19),
  Gender: ['Male', 'Female'],
  'Senior Citizen': yesNo,
  Partner: yesNo,
  Dependents: yesNo,
  'Tenure Months': whole(0, 72),
  'Phone Service': yesNo,
  'Multiple Lines': ['No', 'Yes', 'No phone service'],
  'Internet Service': ['Fiber optic', 'DSL', 'No'],
  'Online Security': addOn,
  'Online Backup': addOn,
  'Device Protection': addOn,
  'Tech Support': addOn,
  'Streaming TV': addOn,
  'Streaming Movies': addOn,
  Contract: contracts,
  'Paperless Billing': yesNo,
  'Payment Method': payment,
  'Monthly Charges': range(18.25, 118.75),
  'Total Charges': range(18.8, 4500),
  'Churn Label': ['No', 'No', 'Yes'],
  'Churn Value': [0, 0, 1],
  'Churn Score': whole(5, 100),
  CLTV: whole(2003, 2900),
  'Churn Reason': [null, null, 'Competitor made better offer', null, null, 'Moved'],
})

export const bank = table({
  RowNumber: whole(1, 1000),
  CustomerId: whole(15565701, 15566700),
  Surname: ['Hargrave', 'Hill', 'Onio', 'Boni', 'Mitchell', 'Chu', 'Bartlett'],
  CreditScore: whole(350, 850),
  Geography: ['France', 'France', 'Spain', 'Germany'],
  Gender: ['Female', 'Male'],
  Age: whole(18, 92),
  Tenure: whole(0, 10),
  Balance: range(0, 250898.09),
  NumOfProducts: [1, 1, 2, 2, 3, 4],
  HasCrCard: [1, 0, 1],
  IsActiveMember: [1, 0],
  EstimatedSalary: range(11.58, 199992.48),
  Exited: [0, 0, 0, 0, 1],
})

export const shop = table({
  CustomerID: whole(50001, 51000),
  Churn: [0, 0, 0, 0, 1],
  Tenure: [...whole(0, 61), null],
  PreferredLoginDevice: ['Mobile Phone', 'Computer', 'Phone'],
  CityTier: [1, 3, 2],
  WarehouseToHome: whole(5, 127),
  PreferredPaymentMode: ['Debit Card', 'UPI', 'CC', 'Cash on Delivery', 'E wallet', 'COD', 'Credit Card'],
  Gender: ['Male', 'Female'],
  HourSpendOnApp: [0, 1, 2, 3, 4, 5],
  NumberOfDeviceRegistered: whole(1, 6),
  PreferedOrderCat: ['Laptop & Accessory', 'Mobile', 'Fashion'],
  SatisfactionScore: whole(1, 5),
  MaritalStatus: ['Single', 'Married', 'Divorced'],
  NumberOfAddress: whole(1, 22),
  Complain: [1, 0],
  OrderAmountHikeFromlastYear: whole(11, 26),
  CouponUsed: whole(0, 16),
  OrderCount: whole(1, 16),
  DaySinceLastOrder: whole(0, 46),
  CashbackAmount: range(0, 324.99),
})

export const hubspot = table({
  hs_object_id: whole(1000, 1999),
  name: 'Company #',
  domain: 'company#.com',
  industry: ['COMPUTER_SOFTWARE', 'RETAIL'],
  annualrevenue: range(1e5, 1e7),
  numberofemployees: whole(1, 500),
  city: ['Berlin', 'Paris'],
  createdate: dates,
  hs_lastmodifieddate: dates,
  closedate: dates,
  notes_last_contacted: dates,
  hs_last_sales_activity_timestamp: dates,
  num_associated_contacts: whole(0, 20),
  num_associated_deals: whole(0, 5),
  num_contacted_notes: whole(0, 90),
  hs_email_optout: ['false', 'true', 'false', null],
  hubspot_owner_id: [11, 12],
  hs_mrr: range(50, 5000),
  contract_renewal_date: renewals,
  plan: ['Starter', 'Pro', 'Enterprise'],
  phone: '+49 30 #',
  lifecyclestage: ['customer'],
})

export const salesforce = table({
  Id: '0015j00000#',
  Name: 'Acme #',
  Industry: ['Energy', 'Banking'],
  AnnualRevenue: range(1e5, 1e7),
  NumberOfEmployees: whole(1, 900),
  BillingPostalCode: whole(1000, 1900),
  OwnerId: ['0055j000001', '0055j000002'],
  CreatedDate: dates,
  SystemModstamp: dates,
  LastActivityDate: dates,
  HasOptedOutOfEmail: ['false', 'true', 'false'],
  DoNotCall: [0, 0, 1],
  ContractTerm: [12, 24, 36, 1],
  EndDate: renewals,
  MRR__c: range(50, 500),
  StageName: ['Closed Won', 'Closed Lost'],
  CurrencyIsoCode: ['EUR', 'USD'],
  PersonBirthdate: ['1980-01-01', '1975-05-05'],
  Health_Score__c: whole(0, 100),
})
