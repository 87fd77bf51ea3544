namespace OrleansBroker.Grains.Tests;

public sealed class WithoutPackages
{
    [Fact(Skip = "the packages of Microsoft Orleans cannot be restored here")]
    public void Brokers_run_as_silos()
    {
    }
}
