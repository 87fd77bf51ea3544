namespace OrleansBroker.Silo;

/// <summary>An option with its value, as somebody gave it somewhere.</summary>
/// <param name="Name">As on the command line: <c>--broker-id</c>.</param>
/// <param name="WrittenAs">As it stands where it was given, which is what is told of it.</param>
internal readonly record struct GivenOption(string Name, string Value, string WrittenAs)
{
    public override string ToString() => $"{WrittenAs} {Value}";
}
