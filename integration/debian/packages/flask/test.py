import flask

app = flask.Flask("test")
app.add_url_rule("/", view_func=lambda: flask.jsonify(works=True))
assert app.test_client().get("/").get_json() == {"works": True}
