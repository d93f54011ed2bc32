"""What a demonstration and the tests need: a real Odoo, a PracticeHub simulator, a clinic."""
