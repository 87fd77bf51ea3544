namespace OrleansBroker.Core.Configuration;

/// <summary>A configuration that cannot be used, and why. Prints as one line that names the key.</summary>
public sealed record ConfigProblem(string Name, string Message)
{
    public override string ToString() => $"{Name}: {Message}";
}
