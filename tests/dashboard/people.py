"""What a person does in the dashboard: words for the tests."""
import os
from pathlib import Path

# `make dashboard-pictures` names docs/images.
PICTURES = Path(os.environ.get("TROVE_UPGRADE_PICTURES", "build/dashboard"))
# Options of the cloud that the modules share.
QUICK = {"dashboard": True, "swap_sec": 1.0, "stop_timeout_sec": 2, "node_timeout_ms": 4000}
CLUSTERS = "/project/database_clusters/"


class Dashboard:
    """The pages of the plugin, and of the stock Workflow panel, as somebody uses them."""

    def __init__(self, page):
        self.page = page

    def clusters(self):
        self.page.open(CLUSTERS)
        self.page.see("#clusters")
        return self

    def row(self, cluster):
        """CSS of a cluster's row."""
        return f"#clusters__row__{cluster.id}"

    def upgrade_form(self, cluster):
        """Open 'Upgrade Cluster' from the cluster's row."""
        self.clusters()
        self.page.click(f"{self.row(cluster)} a.btn", "Upgrade Cluster")
        self.page.modal()
        return self

    def more_options(self):
        self.page.click("#upgrade_cluster_form summary", "More options")
        return self

    def choose(self, **fields):
        """Fill the form: texts of choices, numbers as they are."""
        for name, value in fields.items():
            css = f"#id_{name}"
            if isinstance(value, int):
                self.page.type(css, str(value))
            else:
                self.page.choose(css, value)
        return self

    def submit(self, label):
        """Press the form's button, which must be called so."""
        self.page.modal()
        button = self.page.see(".modal-footer .btn-primary")
        assert button.get_attribute("value") == label
        button.click()
        return self

    def plan(self):
        """Ask for the plan and wait for it."""
        self.submit("Show the plan")
        self.page.see("#upgrade-plan")
        self.page.modal()
        return self

    def start(self):
        """Start what was planned; the page of the upgrade, its id."""
        self.submit("Start the upgrade")
        self.page.see("#upgrade-live")
        return self.run()

    def run(self):
        """Id of the upgrade that the page shows."""
        return self.page.driver.current_url.rstrip("/").rsplit("/", 1)[-1]

    def follow(self, cluster, run):
        """Open the page of an upgrade."""
        self.page.open(f"/project/cluster_upgrades/{cluster.id}/{run}/")
        self.page.see("#upgrade-live")
        return self

    def state(self):
        return self.page.text("#upgrade-state")

    def until_state(self, *words):
        """Wait, with the page open and untouched, until it says one of these."""
        self.page.until(lambda: self.state() in words, f"state {words}")
        return self

    def press(self, act):
        """One of the buttons, and yes to what it asks."""
        self.page.click(f"#upgrade-{act}")
        self.page.modal()
        self.page.click(".modal-footer .btn-primary")
        self.page.until(lambda: not self.page.all(".modal"), "the modal gone")
        self.page.see("#upgrade-live")
        return self

    def buttons(self):
        return [one.text for one in self.page.all(".upgrade-buttons a") if "btn-link" not in
                one.get_attribute("class")]

    def members(self):
        """{name: [wave, name, role, group, version, state, begun, took]}"""
        return {row[1]: row for row in self.page.rows("#upgrade-members")}

    def picture(self, name):
        """Keep a picture for the docs."""
        self.page.screenshot(PICTURES / f"dashboard-{name}.png")
        return self
